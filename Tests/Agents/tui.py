#!/usr/bin/python3 -IS
"""A stand-in for Claude Code's own program in a terminal: it takes keys raw, draws, and writes a transcript, and
leaves the terminal as it is when it ends. Started for stream-json it is claude.py.

What is typed:  say WORDS · run COMMAND · type WORDS (a turn that does not end) · /clear · quit STATUS · crash
"""
import json
import os
import signal
import subprocess
import sys
import termios
import time
import tty

HERE = os.path.dirname(os.path.realpath(__file__))
HOME = os.environ.get("HOME", "/tmp")


def option(name, otherwise=None):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else otherwise


def new_id():
    digits = os.urandom(16).hex()
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]))


def now():
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%03dZ" % (seconds % 1 * 1000)


def draw(text):
    os.write(1, (text + "\r\n").encode())


class Program:
    def __init__(self):
        self.id = option("--resume") or new_id()
        self.begin("resume" if "--resume" in sys.argv else "startup")

    def begin(self, source):
        os.makedirs(HOME + "/transcripts", exist_ok=True)
        os.makedirs(HOME + "/claude-conversations", exist_ok=True)
        self.path = f"{HOME}/transcripts/{self.id}.jsonl"
        told = json.dumps({"session_id": self.id, "transcript_path": self.path, "source": source,
                           "hook_event_name": "SessionStart", "cwd": os.getcwd()})
        hooks = json.loads(option("--settings", "{}")).get("hooks", {}).get("SessionStart", [])
        for hook in (hook for entry in hooks for hook in entry["hooks"]):
            subprocess.run(["/bin/sh", "-c", hook["command"]], input=told.encode(), check=True)

    def note(self, kind, **fields):
        line = json.dumps({"type": kind, "uuid": new_id(), "timestamp": now(), "sessionId": self.id,
                           "isSidechain": False, **fields}).encode() + b"\n"
        with open(self.path, "ab", buffering=0) as file:     # in two pieces, as it may come
            file.write(line[:20])
            time.sleep(0.02)
            file.write(line[20:])
        with open(f"{HOME}/claude-conversations/{self.id}", "a", encoding="utf-8"):
            pass

    def user(self, content, **fields):
        self.note("user", message={"role": "user", "content": content}, **fields)

    def assistant(self, block):
        self.note("assistant", message={"id": "msg_1", "role": "assistant", "model": "stand-in", "content": [block],
                                        "usage": {"input_tokens": 10, "output_tokens": 1}})

    def act(self, line):
        verb, _, rest = line.partition(" ")
        if verb == "/clear":
            self.id = new_id()
            self.begin("clear")
            self.user("<command-name>/clear</command-name>")
            return draw("cleared")
        self.note("file-history-snapshot")
        self.user(line, permissionMode="acceptEdits")
        if verb == "run":
            self.assistant({"type": "tool_use", "id": "toolu_" + new_id()[:8], "name": "Bash",
                            "input": {"command": rest}})
            draw("running")
        if verb == "say":
            self.assistant({"type": "text", "text": rest})
            self.note("system", subtype="turn_duration", durationMs=7)
        return draw(f"did {verb}")

    def run(self):
        tty.setraw(0)
        os.write(1, b"\x1b[?2004h\x1b[?25l")
        draw(f"TUI of {' '.join(sys.argv[1:])[-60:]}")
        line = b""
        while True:
            byte = os.read(0, 1)
            if not byte:
                sys.exit(0)
            if byte != b"\r":
                line += byte
                continue
            text, line = line.decode(), b""
            if text.startswith("quit"):
                sys.exit(int(text[5:] or 0))
            if text == "crash":
                os.kill(os.getpid(), signal.SIGKILL)
            self.act(text)


if "stream-json" in sys.argv:
    os.execv(HERE + "/claude.py", ["claude"] + sys.argv[1:])
Program().run()
