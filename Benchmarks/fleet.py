#!/usr/bin/env python3
"""What one runner costs its hub: fleet.py [SECONDS]. Counts requests, messages and bytes through a proxy of the tests'.

Run it with the tests' Python (.venv), which has what the stand-in hub needs. The runner of HAPI, or of the release
build, speaks to the stand-in hub through the counting proxy, first idle, then with ten sessions of its own that are
not connected to the hub themselves.
"""
import json
import os
import subprocess
import sys
import time

import rig as rigs

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 120


def start(*words):
    child = subprocess.Popen([sys.executable, os.path.join(ROOT, "Tests", "Hub", words[0]), *words[1:]], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    return child, int(child.stdout.readline().split()[-1])


def measure(sessions):
    hub, hub_port = start("hub.py", "--token", "bench", "--exit-with-stdin")
    proxy, proxy_port = start("proxy.py", "--to", str(hub_port))
    rig = rigs.Rig()
    try:
        rig.environment.update({"CLI_API_TOKEN": "bench", "HAPI_API_URL": f"http://127.0.0.1:{proxy_port}"})
        before = told(proxy)
        rig.start()
        time.sleep(3)
        arrived = told(proxy)
        rig.live(sessions)
        time.sleep(3)
        began, settled = time.monotonic(), told(proxy)
        time.sleep(SECONDS)
        minutes, after = (time.monotonic() - began) / 60, told(proxy)
    finally:
        rig.close()
        hub.stdin.close()
        proxy.stdin.close()
    if not sessions:
        show("coming to the hub", before, arrived, 1)
    show(f"{sessions} sessions, a minute", settled, after, minutes)


def told(proxy):
    proxy.stdin.write("\n")
    proxy.stdin.flush()
    return json.loads(proxy.stdout.readline())


def show(what, before, after, share):
    change = {name: (after[name] - before[name]) / share for name in after}
    print(f"{what}: {change['tunnels']:.1f} connections, up {change['pieces_up']:.1f} pieces and {change['up']:.0f} bytes, "
          f"down {change['pieces_down']:.1f} pieces and {change['down']:.0f} bytes", flush=True)


for count in (0, 10):
    measure(count)
