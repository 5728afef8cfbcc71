#!/usr/bin/python3 -I
"""Runs a program in a terminal of its own and types into it.

usage: terminal.py STEPS COMMAND…    STEPS: JSON, a list of ["expect", TEXT] | ["type", TEXT] | ["gone"]

Prints what the program wrote, then a line of JSON: {"status": …, "restored": whether the terminal is as it was,
"missed": the text that did not come within 20 s, or null}.
"""
import json
import os
import pty
import select
import signal
import sys
import termios
import time

PATIENCE = 20


def main():
    steps, command = json.loads(sys.argv[1]), sys.argv[2:]
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(master)
        import fcntl
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for number in range(3):
            os.dup2(slave, number)
        os.execv(command[0], command)
    seen, mark, missed = "", 0, None
    raw = b""

    def read(patience):
        nonlocal raw, seen
        if select.select([master], [], [], patience)[0]:
            try:
                raw += os.read(master, 65536)
            except OSError:
                return False
            seen = raw.decode(errors="replace")
        return True

    for kind, *rest in steps:
        deadline = time.monotonic() + PATIENCE
        if kind == "type":
            os.write(master, rest[0].encode())
        while kind == "expect" and (at := seen.find(rest[0], mark)) < 0 and time.monotonic() < deadline:
            read(0.05)
        if kind == "expect":
            if at < 0:
                missed = rest[0]
                break
            mark = at + len(rest[0])
    deadline, status = time.monotonic() + PATIENCE, None
    if missed:
        os.kill(child, signal.SIGKILL)
    while status is None and time.monotonic() < deadline:
        read(0.05)
        pid, word = os.waitpid(child, os.WNOHANG)
        if pid:
            status = os.waitstatus_to_exitcode(word)
    if status is None:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    while select.select([master], [], [], 0)[0] and read(0):
        pass
    after = termios.tcgetattr(slave)
    print(seen)
    print(json.dumps({"status": status, "restored": before == after, "missed": missed}))


main()
