#!/usr/bin/python3 -I
"""A stand-in for an agent that speaks the Agent Client Protocol, version 1. What it does: see script.py.

$STANDIN_ACP: `no-load` cannot load sessions, `login` wants a login, `version=N` answers with another version,
`replay` repeats the history before session/load answers, `early` sends updates before session/new answers,
`plain-modes` offers modes and no configuration options, `deaf` ignores session/cancel, `no-ids` sends no message ids.
"""
import json
import os
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import script  # noqa: E402

TOLD = dict(word.partition("=")[::2] for word in os.environ.get("STANDIN_ACP", "").split(",") if word)
STORE = os.path.join(os.environ.get("HOME", "/tmp"), ".standin-acp")
MODES = [("ask", "Ask"), ("plan", "Plan"), ("auto", "Auto")]
MODELS = [("small", "Small"), ("large", "Large")]
EFFORTS = [("low", "Low"), ("high", "High")]
WIRE = script.Wire({"jsonrpc": "2.0"})


def update(session, what, /, **members):
    WIRE.send(method="session/update", params={"sessionId": session, "update": {"sessionUpdate": what, **members}})


class Turn(script.Turn):
    def __init__(self, session, request, text):
        super().__init__(WIRE, text)
        self.session, self.request, self.after = session, request, None

    def tell(self, what, /, **members):
        update(self.session.id, what, **members)

    def chunk(self, key, text):
        named = {} if "no-ids" in TOLD else {"messageId": key}
        self.tell("agent_message_chunk", content={"type": "text", "text": text}, **named)

    def text_done(self, key, text):
        self.session.remember("assistant", text)

    def thought(self, key, text):
        self.tell("agent_thought_chunk", messageId=key, content={"type": "text", "text": text})

    def tool_begins(self, tool, command):
        self.open.append(tool)
        self.tell("tool_call", toolCallId=tool, title="shell: " + command, kind="execute", status="in_progress",
                  rawInput={"command": command})

    def tool_ends(self, tool, command, output, well):
        self.open = [name for name in self.open if name != tool]
        self.tell("tool_call_update", toolCallId=tool, status="completed" if well else "failed",
                  content=[{"type": "content", "content": {"type": "text", "text": output}}])

    def edit_begins(self, tool, path, old, new):
        self.open.append(tool)
        self.tell("tool_call", toolCallId=tool, title="Edit " + path, kind="edit", status="pending",
                  content=[{"type": "diff", "path": path, "oldText": old, "newText": new}], locations=[{"path": path}])

    def edit_ends(self, tool, path, old, new, well):
        self.open = [name for name in self.open if name != tool]
        self.tell("tool_call_update", toolCallId=tool, status="completed" if well else "failed")

    def plan(self, entries):
        self.tell("plan", entries=[{"content": text, "priority": "medium", "status": status} for text, status in entries])

    def usage(self, count):
        self.tell("usage_update", used=count, size=200000)

    def strange_updates(self):
        self.tell("nobody_knows", a=1)
        WIRE.send(method="session/update", params={"sessionId": "another", "update": {
            "sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": "not for you"}}})
        self.tell("agent_message_chunk", content={"type": "image", "data": "AAAA", "mimeType": "image/png"})
        self.tell("tool_call_update", toolCallId="unheard-of-" + self.key("x"), status="completed")

    def do_mode(self, rest):
        self.session.mode = rest
        self.tell("current_mode_update", currentModeId=rest)
        self.words("mode changed")

    def do_title(self, rest):
        self.tell("session_info_update", title=rest)
        self.words("titled")

    def do_commands(self, rest):
        self.tell("available_commands_update", availableCommands=[{"name": name, "description": name} for name in rest.split()])
        self.words("offered")

    def do_retry(self, rest):
        WIRE.send(method="_session/retrying", params={"sessionId": self.session.id, "category": "server", "detail": "busy"})
        self.words("again")

    def do_fail(self, rest):
        raise RuntimeError(rest or "the model is away")

    def do_stop(self, rest):
        self.words("enough")
        self.reason = rest or "max_tokens"

    def decide(self, tool, command, edit=False):
        if self.session.mode == "auto" or command in self.session.allowed:
            return "allow"
        answer = WIRE.ask("session/request_permission", {"sessionId": self.session.id, "toolCall": {"toolCallId": tool}, "options": [
            {"optionId": "yes-1", "name": "Allow once", "kind": "allow_once"},
            {"optionId": "yes-*", "name": "Allow for this session", "kind": "allow_always"},
            {"optionId": "yes-forever", "name": "Always allow", "kind": "allow_always"},
            {"optionId": "no-1", "name": "Deny", "kind": "reject_once"}]})
        outcome = answer.get("result", {}).get("outcome", {})
        if outcome.get("optionId") == "yes-*":
            self.session.allowed.add(command)
        return {"yes-1": "allow", "yes-*": "allow", "no-1": "deny"}.get(outcome.get("optionId"), "cancelled")

    def run(self):
        self.reason = "end_turn"
        try:
            try:
                self.play()
            except script.Cancelled:
                for tool in self.open:
                    self.tell("tool_call_update", toolCallId=tool, status="failed")
                self.reason = "cancelled"
            # Before it is told: the next prompt may follow at once.
            self.session.turn = None
            WIRE.send(id=self.request, result={"stopReason": self.reason, "usage": {
                "inputTokens": 100, "outputTokens": 42, "totalTokens": 142}})
            if self.after:
                time.sleep(0.02)
                self.chunk(self.key("m"), self.after)
        except RuntimeError as error:
            self.session.turn = None
            WIRE.send(id=self.request, error={"code": -32603, "message": "Internal error", "data": {"details": str(error)}})


class Session:
    def __init__(self, name):
        self.id, self.turn, self.allowed = name, None, set()
        self.mode, self.model, self.effort = "ask", "small", "low"
        self.path = os.path.join(STORE, name + ".json")
        self.history = []

    def remember(self, role, text):
        self.history.append([role, text])
        os.makedirs(STORE, exist_ok=True)
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.history, file)
        os.rename(self.path + ".new", self.path)

    def options(self):
        def select(name, category, current, values):
            return {"id": name, "name": name.title(), "category": category, "type": "select", "currentValue": current,
                    "options": [{"value": value, "name": label} for value, label in values]}
        return [select("mode", "mode", self.mode, MODES), select("model", "model", self.model, MODELS),
                select("thinking", "thought_level", self.effort, EFFORTS)]

    def state(self):
        modes = {"currentModeId": self.mode, "availableModes": [{"id": value, "name": label} for value, label in MODES]}
        return {"modes": modes, **({} if "plain-modes" in TOLD else {"configOptions": self.options()})}


SESSIONS = {}


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def session_of(params):
    if params.get("sessionId") not in SESSIONS:
        raise Refused(-32602, "no such session")
    return SESSIONS[params["sessionId"]]


def initialize(_, params):
    capabilities = {"loadSession": "no-load" not in TOLD, "promptCapabilities": {"image": True, "embeddedContext": True},
                    "sessionCapabilities": {"list": {}, "close": {}}}
    return {"protocolVersion": int(TOLD.get("version", 1)), "agentCapabilities": capabilities,
            "authMethods": [{"id": "key", "name": "Log in with a key"}], "agentInfo": {"name": "stand-in", "version": "1"}}


def new(_, params):
    if "login" in TOLD:
        raise Refused(-32000, "Authentication required")
    session = Session(str(uuid.uuid4()))
    SESSIONS[session.id] = session
    if "early" in TOLD:
        update(session.id, "usage_update", used=0, size=200000)
    return {"sessionId": session.id, **session.state()}


def load(_, params):
    if "no-load" in TOLD:
        raise Refused(-32601, "Method not found")
    session = Session(params["sessionId"])
    try:
        with open(session.path, encoding="utf-8") as file:
            session.history = json.load(file)
    except OSError:
        raise Refused(-32602, "no such session") from None
    SESSIONS[session.id] = session
    for role, text in session.history:
        kind = "user_message_chunk" if role == "user" else "agent_message_chunk"
        update(session.id, kind, messageId=str(uuid.uuid4()), content={"type": "text", "text": text})
    return session.state()


def prompt(request, params):
    session = session_of(params)
    if session.turn:
        raise Refused(-32603, "A turn is already running")
    text = "\n".join(block.get("text") or f"[{block['type']} {block.get('uri') or len(block.get('data', ''))}]" for block in params["prompt"])
    session.remember("user", text)
    update(session.id, "user_message_chunk", messageId=str(uuid.uuid4()), content={"type": "text", "text": text})
    turn = session.turn = Turn(session, request, "\n".join(block["text"] for block in params["prompt"] if block["type"] == "text"))
    threading.Thread(target=turn.run, daemon=True).start()


def cancel(_, params):
    session = SESSIONS.get(params.get("sessionId"))
    turn = session and session.turn
    if turn and "deaf" not in TOLD:
        turn.cancelled.set()


def set_mode(_, params):
    if params.get("modeId") not in dict(MODES):
        raise Refused(-32602, "no such mode")
    session_of(params).mode = params["modeId"]
    return {}


def set_option(_, params):
    session = session_of(params)
    name = {"mode": "mode", "model": "model", "thinking": "effort"}.get(params.get("configId"))
    if "plain-modes" in TOLD or not name:
        raise Refused(-32601, "Method not found")
    setattr(session, name, params["value"])
    return {"configOptions": session.options()}


METHODS = {"initialize": initialize, "session/new": new, "session/load": load, "session/prompt": prompt,
           "session/cancel": cancel, "session/set_mode": set_mode, "session/set_config_option": set_option}


def handle(message):
    number = message.get("id")
    try:
        if message["method"] not in METHODS:
            raise Refused(-32601, "Method not found")
        result = METHODS[message["method"]](number, message.get("params") or {})
        if number is not None and result is not None:
            WIRE.send(id=number, result=result)
    except Refused as refused:
        if number is not None:
            WIRE.send(id=number, error={"code": refused.code, "message": str(refused)})


script.serve(handle, WIRE)
