#!/usr/bin/env python3
"""Measures the release build: make bench [ONLY=spawn,list] [SESSIONS=1000] [ENDED=1000000].

Prints a table: what was measured, the figure with its spread, the floor of the same run beside it, and what is
wanted; and a table of what grows with the machine and the history. A row that misses what is wanted is marked; nothing fails, for a machine may be busy.
"""
import os
import platform
import subprocess
import sys
import time
import traceback

import growth
import rig as rigs
import rows


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")), "?")
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}"


def main():
    only = [word for word in os.environ.get("ONLY", "").split(",") if word]
    unknown = set(only) - set(rows.ROWS) - {"growth"}
    if unknown:
        sys.exit(f"there is no row {', '.join(sorted(unknown))}; there are: {', '.join(rows.ROWS)}, growth")
    version = subprocess.run([rigs.PROGRAM, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    print(f"{version}; {machine()}\n", flush=True)
    print("| work | measured | floor or companion, same run | ratio | wanted |")
    print("|---|---|---|---|---|", flush=True)
    failed = False
    for name, row in rows.ROWS.items():
        if only and name not in only:
            continue
        try:
            for line in row():
                print("| " + " | ".join(line) + " |", flush=True)
        except Exception:               # one row that cannot be measured keeps no other from it
            failed = True
            print(f"| {name} | could not be measured | | | |", flush=True)
            traceback.print_exc()
    if not only or "growth" in only:
        print()
        for line in growth.table():
            print("| " + " | ".join(line) + " |", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
