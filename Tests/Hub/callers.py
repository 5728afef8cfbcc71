#!/usr/bin/env python3
"""Calls a control server without pause until its input is closed: callers.py PORT LISTERS SPAWNERS DIRECTORY.

Each caller has one connection, kept open. Spawners start a session, and stop it. Prints JSON: how many requests there
were, what failed, and the longest wait in seconds.
"""
import http.client
import json
import sys
import threading
import time

PORT, LISTERS, SPAWNERS, DIRECTORY = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
ended = threading.Event()
lock = threading.Lock()
told = {"requests": 0, "reconnects": 0, "failures": [], "longest": 0.0}


class Caller:
    def __init__(self):
        self.wire = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        self.wire.connect()

    def post(self, path, body):
        began = time.monotonic()
        self.wire.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = self.wire.getresponse()
        content = json.loads(answer.read())
        if self.wire.sock is None:
            self.wire.connect()
            with lock:
                told["reconnects"] += 1
        with lock:
            told["requests"] += 1
            told["longest"] = max(told["longest"], time.monotonic() - began)
            if answer.status != 200:
                told["failures"].append(f"{path}: {answer.status} {content}")
        return content


def calling(work):
    try:
        caller = Caller()
        while not ended.is_set():
            work(caller)
    except Exception as error:                  # whatever it is, a request failed
        with lock:
            told["failures"].append(repr(error))
        ended.set()


def listing(caller):
    caller.post("/list", {})
    time.sleep(0.005)                           # there are two processors


def spawning(caller):
    answer = caller.post("/spawn-session", {"directory": DIRECTORY})
    if answer.get("success"):
        caller.post("/stop-session", {"sessionId": answer["sessionId"]})


def main():
    threads = [threading.Thread(target=calling, args=(work,)) for work in [listing] * LISTERS + [spawning] * SPAWNERS]
    for thread in threads:
        thread.start()
    print("calling", flush=True)
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()
    told["failures"] = told["failures"][:5]
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
