#!/usr/bin/python3 -IS
"""Plays a person at a terminal: terminal.py STEPS COMMAND...

Each line of the file STEPS is a key stroke to send (Python escapes are understood) or, behind `?`, a text to wait for
on the screen. Exits with 0 when every text came and the command ended, and otherwise shows what was on the screen."""
import os
import pty
import re
import select
import sys
import time

PATIENCE = 30                           # seconds, for each text and for the end


def main():
    steps = open(sys.argv[1], encoding="utf-8").read().splitlines()
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "dumb"
        os.execvp(sys.argv[2], sys.argv[2:])
    seen = ""
    whole = ""

    def more():
        nonlocal seen, whole
        if not select.select([terminal], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(terminal, 65536)
        except OSError:
            return False
        # Colours, cursor movements and the like are not what a person reads.
        text = re.sub(r"\x1b[\[(][0-9;?]*[A-Za-z]|[\r\x07\x08]", "", data.decode(errors="replace"))
        seen += text
        whole += text
        return bool(data)

    for step in steps:
        if not step.startswith("?"):
            seen = ""
            os.write(terminal, step.encode().decode("unicode_escape").encode())
            continue
        deadline = time.monotonic() + PATIENCE
        while step[1:] not in seen:
            if time.monotonic() > deadline or not more():
                sys.exit(f"no {step[1:]!r} on the screen:\n{whole}")
    deadline = time.monotonic() + PATIENCE
    while more():
        if time.monotonic() > deadline:
            sys.exit(f"it has not ended:\n{whole}")
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
