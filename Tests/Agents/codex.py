#!/usr/bin/python3 -I
"""A stand-in for `codex app-server`. What it does: see script.py.

$STANDIN_CODEX: `no-steer` refuses turn/steer, `deaf` ignores turn/interrupt, `login` refuses to start a thread.
"""
import json
import os
import sys
import threading
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import script  # noqa: E402

TOLD = set(filter(None, os.environ.get("STANDIN_CODEX", "").split(",")))
STORE = os.path.join(os.environ.get("HOME", "/tmp"), ".standin-codex")
WIRE = script.Wire({})


class Turn(script.Turn):
    def __init__(self, thread, text, policy):
        super().__init__(WIRE, text)
        self.thread, self.id, self.policy, self.after = thread, str(uuid.uuid4()), policy, None
        self.steered = None

    def tell(self, method, **members):
        WIRE.send(method=method, params={"threadId": self.thread.id, "turnId": self.id, **members}, emittedAtMs=int(time.time() * 1000))

    def item(self, phase, kind, name, **members):
        self.tell("item/" + phase, item={"type": kind, "id": name, **members})

    def chunk(self, key, text):
        if key not in self.open:
            self.open.append(key)
            self.item("started", "agentMessage", key, text="")
        self.tell("item/agentMessage/delta", itemId=key, delta=text)

    def text_done(self, key, text):
        self.open = [name for name in self.open if name != key]
        self.item("completed", "agentMessage", key, text=text)

    def thought(self, key, text):
        self.item("started", "reasoning", key, summary=[], content=[])
        self.tell("item/reasoning/summaryTextDelta", itemId=key, delta=text, summaryIndex=0)
        self.item("completed", "reasoning", key, summary=[text], content=[])

    def command(self, tool, phase, command, status, output=None, code=None):
        self.item(phase, "commandExecution", tool, command=f"/bin/bash -lc '{command}'", cwd=os.getcwd(), status=status,
                  aggregatedOutput=output, exitCode=code)

    def tool_begins(self, tool, command):
        self.command(tool, "started", command, "inProgress")

    def tool_ends(self, tool, command, output, well):
        self.command(tool, "completed", command, "completed" if well else "declined",
                     output if well else None, 0 if well else None)

    def changes(self, path, old, new):
        return [{"path": path, "kind": {"type": "update", "move_path": None}, "diff": f"@@ -1 +1 @@\n-{old}+{new}"}]

    def edit_begins(self, tool, path, old, new):
        self.item("started", "fileChange", tool, changes=self.changes(path, old, new), status="inProgress")

    def edit_ends(self, tool, path, old, new, well):
        self.item("completed", "fileChange", tool, changes=self.changes(path, old, new), status="completed" if well else "declined")

    def plan(self, entries):
        words = {"in_progress": "inProgress"}
        self.tell("turn/plan/updated", explanation=None, plan=[{"step": text, "status": words.get(status, status)} for text, status in entries])

    def usage(self, count):
        share = {"totalTokens": count, "inputTokens": count, "cachedInputTokens": 0, "outputTokens": 0, "reasoningOutputTokens": 0}
        self.tell("thread/tokenUsage/updated", tokenUsage={"total": share, "last": share, "modelContextWindow": 258400})

    def strange_updates(self):
        self.item("started", "nobodyKnows", self.key("x"))
        self.item("completed", "commandExecution", self.key("x"), command="true", status="completed", aggregatedOutput="", exitCode=0)
        self.tell("warning", message="a warning")

    def decide(self, tool, command, edit=False):
        if self.policy == "never" or command in self.thread.allowed:
            return "allow"
        kind = "fileChange" if edit else "commandExecution"
        answer = WIRE.ask(f"item/{kind}/requestApproval", {
            "threadId": self.thread.id, "turnId": self.id, "itemId": tool, "reason": "May I?",
            **({} if edit else {"command": command, "cwd": os.getcwd()})})
        decision = answer.get("result", {}).get("decision")
        if decision == "acceptForSession":
            self.thread.allowed.add(command)
        if decision == "cancel":
            self.cancelled.set()
        return {"accept": "allow", "acceptForSession": "allow", "decline": "deny"}.get(decision, "cancelled")

    def do_ask(self, rest):
        answer = WIRE.ask("item/tool/requestUserInput", {
            "threadId": self.thread.id, "turnId": self.id, "itemId": self.key("call"), "questions": [
                {"id": "q1", "header": "Colour", "question": rest or "Which?", "options": [
                    {"label": "Blue", "description": "as the sky"}, {"label": "Red", "description": "as a rose"}]}]})
        self.words("answered " + json.dumps(answer.get("result", {}).get("answers")))

    def do_settings(self, rest):
        self.words(json.dumps(self.thread.settings, sort_keys=True))

    def do_fail(self, rest):
        error = {"message": rest or "the model is away", "codexErrorInfo": "other"}
        self.tell("error", error=error, willRetry=False)
        raise RuntimeError(error["message"])

    def do_wait(self, rest):
        """Until it is steered; then it does what it was steered to."""
        key = self.key("m")
        self.chunk(key, "waiting ")
        while self.steered is None:
            self.pause(0.02)
        self.text, self.steered = self.steered, None
        self.play()

    def run(self):
        WIRE.send(method="turn/started", params={"threadId": self.thread.id, "turn": {"id": self.id, "status": "inProgress"}})
        self.item("started", "userMessage", self.key("u"), content=[{"type": "text", "text": self.text}])
        status, error = "completed", None
        try:
            self.play()
        except script.Cancelled:
            status = "interrupted"
        except RuntimeError as failure:
            status, error = "failed", {"message": str(failure)}
        self.thread.turn = None
        self.tell("turn/completed", turn={"id": self.id, "status": status, "error": error})
        if self.after:
            time.sleep(0.02)
            self.words(self.after)


class Thread:
    def __init__(self, name):
        self.id, self.turn, self.allowed, self.settings = name, None, set(), {}
        self.path = os.path.join(STORE, name)
        os.makedirs(STORE, exist_ok=True)

    def apply(self, params):
        for key in ("approvalPolicy", "sandboxPolicy", "sandbox", "model", "effort", "summary"):
            if params.get(key) is not None:
                self.settings[key] = params[key]


THREADS = {}


class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def thread_of(params):
    if params.get("threadId") not in THREADS:
        raise Refused(-32600, "thread not found")
    return THREADS[params["threadId"]]


def start(params):
    if "login" in TOLD:
        raise Refused(-32600, "not logged in")
    thread = Thread(str(uuid.uuid4()))
    THREADS[thread.id] = thread
    thread.apply(params)
    open(thread.path, "w", encoding="utf-8").close()
    return {"thread": {"id": thread.id}, "model": params.get("model") or "stand-in"}


def resume(params):
    thread = Thread(params["threadId"])
    if not os.path.exists(thread.path):
        raise Refused(-32600, "no rollout found for thread id " + params["threadId"])
    THREADS[thread.id] = thread
    thread.apply(params)
    return {"thread": {"id": thread.id}, "model": params.get("model") or "stand-in"}


def text_of(params):
    return "\n".join(part.get("text") or f"[{part['type']} {part.get('path', '')}]" for part in params["input"])


def turn_start(params):
    thread = thread_of(params)
    if thread.turn:
        raise Refused(-32600, "a turn is already running")
    thread.apply(params)
    # The turn may be over before this is answered.
    turn = thread.turn = Turn(thread, text_of(params), thread.settings.get("approvalPolicy"))
    threading.Thread(target=turn.run, daemon=True).start()
    return {"turn": {"id": turn.id, "status": "inProgress"}}


def steer(params):
    turn = thread_of(params).turn
    if "no-steer" in TOLD or not turn or turn.id != params.get("expectedTurnId"):
        raise Refused(-32600, "no active turn to steer")
    turn.steered = text_of(params)
    return {"turnId": turn.id}


def interrupt(params):
    turn = thread_of(params).turn
    if turn and "deaf" not in TOLD:
        turn.cancelled.set()
    return {}


def compact(params):
    thread = thread_of(params)
    turn = Turn(thread, "", "never")
    turn.play = lambda: (turn.item("started", "contextCompaction", "compaction"), turn.item("completed", "contextCompaction", "compaction"))
    thread.turn = turn
    threading.Thread(target=turn.run, daemon=True).start()
    return {}


def models(params):
    return {"data": [{"id": name, "model": name, "displayName": name.title(), "isDefault": name == "small", "supportedReasoningEfforts": [
        {"reasoningEffort": "low"}, {"reasoningEffort": "high"}]} for name in ("small", "large")], "nextCursor": None}


METHODS = {"initialize": lambda params: {"userAgent": "stand-in"}, "initialized": lambda params: None, "thread/start": start,
           "thread/resume": resume, "turn/start": turn_start, "turn/steer": steer, "turn/interrupt": interrupt,
           "thread/compact/start": compact, "model/list": models}


def handle(message):
    number = message.get("id")
    try:
        if message["method"] not in METHODS:
            raise Refused(-32601, "Method not found")
        result = METHODS[message["method"]](message.get("params") or {})
        if number is not None:
            WIRE.send(id=number, result=result)
    except Refused as refused:
        if number is not None:
            WIRE.send(id=number, error={"code": refused.code, "message": str(refused)})


if sys.argv[1:2] != ["app-server"]:
    sys.exit("the stand-in knows only `app-server`")
script.serve(handle, WIRE)
