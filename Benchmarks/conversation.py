#!/usr/bin/env python3
"""What a session that converses costs, and how fast it passes on what its agent says: conversation.py [SECONDS].

Run it with the tests' Python (.venv), which has what the stand-in hub needs. The release build, or the program of
$HAPI, runs a session with the stand-in for an ACP agent and the stand-in hub, first idle for so many seconds.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

import rig as rigs

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
PIECES = 2000


class Talk:
    def __init__(self, folder):
        self.hub = subprocess.Popen([sys.executable, os.path.join(ROOT, "Tests", "Hub", "hub.py"), "--token", "bench", "--exit-with-stdin"],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{self.hub.stdout.readline().split()[-1]}"
        agent = os.path.join(folder, "opencode")
        with open(agent, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexec /usr/bin/python3 -I {ROOT}/Tests/Agents/acp.py \"$@\"\n")
        os.chmod(agent, 0o755)
        os.mkdir(os.path.join(folder, "home"))
        with open(os.path.join(folder, "home", "settings.json"), "w", encoding="utf-8") as file:
            file.write('{"runnerAutoStartWhenRunningHappy": false}')
        self.folder = folder
        self.environment = {"HOME": folder, "HAPI_HOME": os.path.join(folder, "home"), "PATH": folder + ":/usr/bin:/bin",
                            "CLI_API_TOKEN": "bench", "HAPI_API_URL": self.url}
        self.session = self.start()
        self.others = []
        self.id = self.wait(lambda: next(iter(self.ask("state")["sessions"]), None))

    def start(self):
        return subprocess.Popen([rigs.PROGRAM, "opencode", "--hapi-starting-mode", "remote"], env=self.environment, cwd=self.folder,
                                stdin=subprocess.DEVNULL)

    def ask(self, path, order=None):
        data = None if order is None else json.dumps(order).encode()
        with urllib.request.urlopen(f"{self.url}/test/{path}", data) as answer:
            return json.load(answer)

    def wait(self, probe, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = probe()
            if found:
                return found
            time.sleep(0.05)
        raise TimeoutError

    def messages(self):
        return self.ask("state")["sessions"][self.id]["messages"]

    def say(self, words):
        """Has a turn played, and gives the messages of it."""
        before = len(self.messages())
        self.ask("say", {"sessionId": self.id, "text": words, "localId": words})

        def over():
            new = self.messages()[before:]
            return new if any(entry["content"].get("content", {}).get("data", {}).get("type") == "ready" for entry in new) else None
        return self.wait(over)

    def footprint(self, kind="Pss"):
        with open(f"/proc/{self.session.pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(kind + ":")) / 1024

    def accompany(self, count):
        """Further sessions, which share the program's pages with this one."""
        self.others = [self.start() for _ in range(count)]
        self.wait(lambda: len(self.ask("state")["sessions"]) == count + 1)
        time.sleep(3)

    def processor_time(self):
        with open(f"/proc/{self.session.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        for session in (*self.others, self.session):
            session.terminate()
            session.wait()
        self.hub.stdin.close()


def text(entry):
    return entry["content"].get("content", {}).get("data", {}).get("message", "")


with tempfile.TemporaryDirectory(prefix="hapi-bench-") as scratch:
    talk = Talk(scratch)
    try:
        talk.say("say hello")
        time.sleep(3)
        began = talk.processor_time()
        time.sleep(SECONDS)
        used = talk.processor_time() - began
        print(f"idle: {talk.footprint():.1f} MiB PSS alone on the machine, of which {talk.footprint('Pss_Anon'):.1f} are its own, "
              f"{1000 * used / SECONDS:.1f} ms of processor time a second", flush=True)
        talk.accompany(3)
        print(f"idle beside three others: {talk.footprint():.1f} MiB PSS (wanted: 12)", flush=True)
        delays = {}
        for entry in talk.say("stamp 40"):
            if text(entry).isdigit():
                delays.setdefault(text(entry), (entry["createdAt"] - int(text(entry)) / 1000) / 1000)
        print(f"agent's line → hub: {rigs.Figure(delays.values())} (wanted: 5)", flush=True)
        began = time.monotonic()
        said = [entry for entry in talk.say(f"pieces {PIECES}") if text(entry)[:1].isdigit()]
        taken = time.monotonic() - began
        print(f"an answer of {PIECES} pieces in {taken:.1f} s: {len(said)} messages, one each {1000 * taken / len(said):.0f} ms "
              f"(wanted: 100 or more), {talk.footprint():.1f} MiB PSS after it", flush=True)
    finally:
        talk.close()
