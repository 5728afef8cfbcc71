#!/usr/bin/python3 -IS
"""A stand-in for Claude Code: it speaks stream-json as that does, and does what a prompt says.

A prompt is a line of verbs; see README.md. What it was started with is left in $HOME/claude-<n>.json.
"""
import json
import os
import random
import select
import signal
import sys
import time

FOLDER = os.path.join(os.environ.get("HOME", "/tmp"), "claude-conversations")


GARBAGE = (
    b"", b"{", b"not JSON", b"null", b"17", b"[]", b"{}", b'{"type":7}', b'{"type":"assistant"}', b'{"type":"user","message":[]}',
    b'{"type":"assistant","message":{"content":"text"}}', b'{"type":"control_request"}', b'{"type":"control_response","response":7}',
    b'{"type":"control_request","request_id":0,"request":{"subtype":"can_use_tool"}}', b'{"type":"command_lifecycle","state":"started"}',
    b"\x00\xff\xfe", b'{"type":"result"' + b"[" * 5000, b'{"type":"system","subtype":"init","session_id":7}',
    b'{"type":"rate_limit_event","rate_limit_info":{"status":"warning","utilization":1e300}}',
    b'{"type":"assistant","message":{"content":[{"type":"of the future"}],"usage":{"input_tokens":9223372036854775807,'
    b'"cache_read_input_tokens":9223372036854775807}},"uuid":"u"}',
)


def option(name, otherwise=None):
    words = sys.argv[1:]
    return words[words.index(name) + 1] if name in words else otherwise


def new_id():
    raw = bytearray(os.urandom(16))
    raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def now():
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%03dZ" % (seconds % 1 * 1000)


class Interrupted(Exception):
    pass


class Claude:
    def __init__(self):
        self.conversation = option("--resume") or new_id()
        self.mode, self.model = option("--permission-mode", "default"), option("--model") or "claude-stand-in"
        self.pending, self.buffer = [], b""
        self.allowed = set()
        self.working, self.turns = None, 0

    # -- lines ------------------------------------------------------------------------------------

    def write(self, line):
        data = (json.dumps({**line, "session_id": self.conversation}) + "\n").encode()
        while data:
            data = data[os.write(1, data):]

    def read(self, timeout):
        """The next line from the host; None after the timeout, and an exit at the end of input."""
        end = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            wait = max(0, end - time.monotonic())
            if not select.select([0], [], [], wait)[0]:
                return None
            data = os.read(0, 65536)
            if not data:
                sys.exit(0)
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def attend(self, seconds, until=None):
        """Serves the host for so long, or until `until` says so; an interrupt is raised."""
        end = time.monotonic() + seconds
        while True:
            line = self.read(max(0, end - time.monotonic()))
            if line is None:
                return None
            if line["type"] == "user":
                self.enqueue(line)
                if until is None and not self.working:
                    return line
            elif line["type"] == "control_request":
                self.control(line["request_id"], line["request"])
            elif until and line["type"] == "control_response" and line["response"]["request_id"] == until:
                return line["response"]

    def enqueue(self, line):
        if line["message"]["content"] == "kill the host":
            with open(os.path.join(os.environ["HOME"], "taken"), "a", encoding="utf-8") as file:
                file.write("taken\n")
            os.kill(os.getppid(), signal.SIGKILL)
        self.lifecycle(line, "queued")
        self.pending.append(line)

    def lifecycle(self, line, state):
        if "uuid" in line:
            self.write({"type": "command_lifecycle", "command_uuid": line["uuid"], "state": state, "uuid": new_id()})

    # -- control ----------------------------------------------------------------------------------

    def control(self, request_id, request):
        kind, answer, after = request["subtype"], {}, None
        if kind == "initialize":
            answer = {"commands": [{"name": "compact", "description": "Compacts", "builtin": True},
                                   {"name": "own", "description": "Of the project", "builtin": False}],
                      "models": [{"value": "default", "displayName": "Default"}],
                      "current_permission_mode": self.mode}
        elif kind == "set_permission_mode":
            if request["mode"] == "bypassPermissions":
                return self.refuse(request_id, "bypass_not_launched")
            self.mode = request["mode"]
            answer = {"mode": self.mode}
            after = {"type": "system", "subtype": "status", "status": None, "permissionMode": self.mode}
        elif kind == "set_model":
            self.model = request["model"] or "claude-stand-in"
            answer = {"model": self.model}
        elif kind == "apply_flag_settings":
            if request["settings"]["effortLevel"] == "absurd":
                return self.refuse(request_id, "no such effort")
        elif kind == "interrupt":
            answer = {"still_queued": []}
        else:
            return self.refuse(request_id, "unsupported_request")
        if kind == "interrupt" and os.environ.get("STANDIN_DEAF"):
            return None
        self.write({"type": "control_response", "response": {"subtype": "success", "request_id": request_id,
                                                             "response": answer}})
        if after:
            self.write(after)
        if kind == "interrupt" and self.working:
            raise Interrupted()

    def refuse(self, request_id, error):
        self.write({"type": "control_response",
                    "response": {"subtype": "error", "request_id": request_id, "error": error}})

    # -- what it says -------------------------------------------------------------------------------

    def assistant(self, block, parent=None, **more):
        usage = {"input_tokens": 100, "output_tokens": 1, "cache_read_input_tokens": 20,
                 "cache_creation_input_tokens": 10}
        self.write({"type": "assistant", "message": {
            "id": "msg_" + new_id()[:8], "type": "message", "role": "assistant", "model": self.model,
            "content": [block], "usage": usage}, "parent_tool_use_id": parent, "uuid": new_id(),
            "timestamp": now(), **more})

    def say(self, text, parent=None):
        self.assistant({"type": "text", "text": text}, parent)

    def result_of(self, tool_id, text, structured=None, is_error=False, parent=None):
        self.write({"type": "user", "message": {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": tool_id, "content": text, "is_error": is_error}]},
            "parent_tool_use_id": parent, "uuid": new_id(), "timestamp": now(),
            "tool_use_result": structured or text})

    def result(self, **fields):
        self.write({"type": "result", "subtype": "success", "is_error": False, "duration_ms": 12, "num_turns": 1,
                    "total_cost_usd": 0.001, "usage": {"input_tokens": 100, "output_tokens": 42},
                    "modelUsage": {self.model: {"inputTokens": 100, "outputTokens": 42, "contextWindow": 200000}},
                    "terminal_reason": "completed", **fields})

    # -- turns --------------------------------------------------------------------------------------

    def run(self):
        self.leave_trace()
        resumed = option("--resume")
        if resumed and not os.path.exists(os.path.join(FOLDER, resumed)):
            self.result(subtype="error_during_execution", is_error=True,
                        errors=["No conversation found with session ID: " + resumed])
            sys.exit(1)
        if "--fork-session" in sys.argv:
            self.conversation = new_id()
        while True:
            if not self.pending:
                self.attend(1000)
            if self.pending:
                self.turn(self.pending.pop(0))

    def leave_trace(self):
        number = sum(name.startswith("claude-") and name.endswith(".json") for name in os.listdir(os.environ["HOME"]))
        path = os.path.join(os.environ["HOME"], f"claude-{number}.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            shown = {key: os.environ.get(key) for key in ("HAPI_SESSION_ID", "CLAUDE_CODE_ENTRYPOINT", "CLAUDECODE")}
            json.dump({"argv": sys.argv[1:], "pid": os.getpid(), "cwd": os.getcwd(), "env": shown}, file)
        os.rename(path + ".new", path)

    def turn(self, line):
        self.working, self.turns = line, self.turns + 1
        self.lifecycle(line, "started")
        if line["message"]["content"] == "/clear":
            self.write({"type": "conversation_reset", "new_conversation_id": new_id()})
            self.conversation = new_id()
        os.makedirs(FOLDER, exist_ok=True)
        with open(os.path.join(FOLDER, self.conversation), "a", encoding="utf-8") as file:
            file.write(json.dumps(line["message"]["content"]) + "\n")
        self.write({"type": "system", "subtype": "init", "cwd": os.getcwd(), "tools": ["Bash", "Edit"],
                    "model": self.model, "permissionMode": self.mode, "slash_commands": ["compact", "own"]})
        try:
            for verb in line["message"]["content"].split("\n"):
                self.act(verb.strip())
            fields = {}
        except Interrupted:
            self.write({"type": "user", "message": {"role": "user", "content": [
                {"type": "text", "text": "[Request interrupted by user]"}]}, "uuid": new_id()})
            fields = {"subtype": "error_during_execution", "is_error": True, "terminal_reason": "aborted_streaming"}
        steered, self.working = [line] + getattr(self, "steered", []), None
        self.steered = []
        self.result(**(getattr(self, "failing", None) or fields))
        self.failing = None
        for taken in steered:
            self.lifecycle(taken, "cancelled" if fields else "completed")

    def act(self, words):
        verb, _, rest = words.partition(" ")
        if verb == "say":
            self.say(rest)
        elif verb == "think":
            self.assistant({"type": "thinking", "thinking": rest, "signature": ""})
        elif verb == "tool":
            name, _, given = rest.partition(" ")
            self.tool(name, json.loads(given or "{}"))
        elif verb == "task":
            self.task(rest)
        elif verb == "slow":
            self.attend(float(rest or 1))
            self.take_steered()
            self.say("slept")
        elif verb == "hold":
            end = time.monotonic() + 60
            while time.monotonic() < end and not any(line.get("priority") == "next" for line in self.pending):
                self.attend(0.05)
            self.take_steered()
        elif verb == "fail":
            self.assistant({"type": "text", "text": "API Error: " + rest}, error="api_error")
            self.failing = {"is_error": True, "result": "API Error: " + rest}
        elif verb == "retry":
            self.write({"type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 10,
                        "retry_delay_ms": 1, "error_status": 529})
        elif verb == "mode":
            self.mode = rest
            self.write({"type": "system", "subtype": "status", "status": None, "permissionMode": rest})
        elif verb == "title":
            self.write({"type": "system", "subtype": "session_title_changed", "title": rest})
        elif verb == "many":
            for number in range(int(rest)):
                self.say(f"line {number}")
        elif verb == "long":
            self.say("x" * int(rest))
        elif verb == "garbage":
            os.write(1, b'{"type": "assistant", nonsense\nnot JSON at all\n{"type":"of the future","n":0}\n')
            self.say("after the garbage")
        elif verb == "flood":
            size = int(rest)
            while size > 0:
                size -= os.write(1, b"f" * min(size, 1 << 20))
            os.write(1, b"\n")
            self.say("after the flood")
        elif verb == "die":
            os.write(2, b"about to die\n")
            os.kill(os.getpid(), signal.SIGKILL)
        elif verb == "chaos":
            self.chaos(*rest.split(" "))
        elif verb == "open":
            self.assistant({"type": "tool_use", "id": "toolu_left_open", "name": "Bash", "input": {"command": "x"}})
        elif verb == "/compact":
            self.write({"type": "system", "subtype": "status", "status": "compacting"})
            self.write({"type": "system", "subtype": "status", "status": None, "compact_result": "success"})
            self.write({"type": "system", "subtype": "compact_boundary",
                        "compact_metadata": {"trigger": "manual", "pre_tokens": 172}})
        elif verb != "/clear":
            self.say("echo: " + words)

    def chaos(self, seed, death=None):
        dice, cards = random.Random(int(seed)), []
        steps = dice.randint(20, 200)
        end = dice.randrange(steps) if death else None
        for step in range(steps):
            if step == end:
                os._exit(9)
            self.stir(dice, cards)
        self.say("chaos is over")

    def stir(self, dice, cards):
        kind = dice.randrange(9)
        if kind == 0:
            os.write(1, dice.choice(GARBAGE) + b"\n")
        elif kind == 1:
            cards.append(f"toolu_{dice.randrange(1 << 30)}")
            self.assistant({"type": "tool_use", "id": cards[-1], "name": "Bash", "input": {"command": "chaos"}})
        elif kind == 2:
            self.result_of(dice.choice(cards or ["unheard-of"]), "y" * dice.randrange(5000), is_error=dice.random() < 0.3)
        elif kind == 3:
            self.write({"type": dice.choice(["of the future", "stream_event", "keep_alive", "tool_progress"]), "n": dice.random()})
        elif kind == 4:
            self.write({"type": "control_request", "request_id": "0", "request": {"subtype": "of the future"}})
        elif kind == 5:
            self.write({"type": "control_cancel_request", "request_id": "unheard-of"})
        elif kind == 6:
            self.assistant({"type": "thinking", "thinking": "hm " * dice.randrange(20), "signature": ""})
        elif kind == 7:
            self.write({"type": "command_lifecycle", "command_uuid": dice.choice([new_id(), self.working["uuid"]]), "state": "started"})
        else:
            self.say(dice.choice(["a", "\u00e9\u00e8", "\U0001F600", "ha", "\n", " " * 40]))

    def take_steered(self):
        """Messages that came with `next` join the turn."""
        for line in [line for line in self.pending if line.get("priority") == "next"]:
            self.pending.remove(line)
            self.lifecycle(line, "started")
            self.steered = getattr(self, "steered", []) + [line]
            self.say("steered: " + line["message"]["content"])

    def task(self, words):
        tool_id = "toolu_" + new_id()[:12]
        self.assistant({"type": "tool_use", "id": tool_id, "name": "Task",
                        "input": {"description": words, "prompt": words, "subagent_type": "Explore"}})
        self.say("inside: " + words, tool_id)
        self.result_of(tool_id, "task done")

    def tool(self, name, given):
        tool_id = "toolu_" + new_id()[:12]
        self.assistant({"type": "tool_use", "id": tool_id, "name": name, "input": given})
        answer = self.may(name, given, tool_id)
        if answer["behavior"] == "deny":
            self.result_of(tool_id, answer["message"], "Error: " + answer["message"], is_error=True)
            self.say("tool said: " + answer["message"])
            return
        for update in answer.get("updatedPermissions", []):
            if update["type"] == "addRules":
                self.allowed |= {(rule["toolName"], rule.get("ruleContent")) for rule in update["rules"]}
            if update["type"] == "setMode":
                self.mode = update["mode"]
                self.write({"type": "system", "subtype": "status", "status": None, "permissionMode": self.mode})
        said = json.dumps(answer["updatedInput"].get("answers")) if name == "AskUserQuestion" else "ran"
        if name == "ExitPlanMode" and self.mode == "plan":
            self.mode = "default"
            self.write({"type": "system", "subtype": "status", "status": None, "permissionMode": self.mode})
        self.result_of(tool_id, said, {"stdout": said, "stderr": "", "interrupted": False})
        self.say("tool said: " + said)

    def may(self, name, given, tool_id):
        allowed = {(name, None), (name, given.get("command"))} & self.allowed
        if allowed or given.get("command", "").startswith("echo"):
            return {"behavior": "allow", "updatedInput": given}
        request_id = new_id()
        asked = {} if name == "ExitPlanMode" else given
        self.write({"type": "control_request", "request_id": request_id, "request": {
            "subtype": "can_use_tool", "tool_name": name, "input": asked, "tool_use_id": tool_id}})
        try:
            return self.attend(1000, until=request_id)["response"]
        except Interrupted:
            self.write({"type": "control_cancel_request", "request_id": request_id})
            self.result_of(tool_id, "The user doesn't want to proceed with this tool use.", is_error=True)
            raise


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Claude().run()
