"""A stand-in for HAPI's own runner, as the hub contract describes what it leaves and answers.

    foreign.py HOME WORK runner start-sync

Its sessions are shells that sleep. They outlive it.
"""

import http.server
import json
import os
import subprocess
import sys
import threading

home, work = sys.argv[1:3]
state = os.path.join(home, "runner.state.json")


def session(name, *words):
    command = ["/bin/sh", "-c", "sleep 1000; :", "hapi", name, *words]
    return subprocess.Popen(command, cwd=work, start_new_session=True).pid


def marker(pid):
    variables = dict(os.environ, LC_ALL="C", TZ="UTC")
    words = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], env=variables, capture_output=True, text=True)
    return words.stdout.strip()


def write(path, value):
    with open(path, "w") as file:
        json.dump(value, file)


def stranger(*words):
    """A process whose parent is not this one."""
    script = 'sleep 1000 >/dev/null 2>&1 & echo $!'
    pid = subprocess.run(["/bin/sh", "-c", script, *words], cwd=work,
                         stdout=subprocess.PIPE, text=True, start_new_session=True)
    return int(pid.stdout)


child = session("codex", "--started-by", "runner")
resumed, reused, terminal, unknown = (stranger() for _ in range(4))
os.makedirs(os.path.join(home, "logs"), exist_ok=True)
open(os.path.join(home, "logs", f"2026-01-01-00-00-00-pid-{terminal}.log"), "w").close()
sessions = [
    {"startedBy": "runner", "happySessionId": "child", "pid": child},
    {"startedBy": "hapi directly - likely by user from terminal", "happySessionId": "terminal", "pid": terminal},
    {"startedBy": "hapi directly - likely by user from terminal", "happySessionId": "unknown", "pid": unknown},
]
write(state + ".resume-processes.json", [
    {"requestedSessionId": "asked", "confirmedSessionId": "resumed", "pid": resumed,
     "processStartMarker": marker(resumed)},
    {"requestedSessionId": "reused", "pid": reused, "processStartMarker": "Thu Jan  1 00:00:01 1998"},
    {"requestedSessionId": "gone", "pid": 4194304, "processStartMarker": "Thu Jan  1 00:00:01 1998"},
])
write(state + ".verified-exits.json", ["long-gone"])
write(os.path.join(work, "pids.json"), [child, resumed, reused, terminal, unknown])


class Control(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = {
            "/list": {"children": sessions},
            "/stop-session": {"status": "already_gone"},
            "/stop": {"status": "stopping"},
        }[self.path]
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.path == "/stop":
            threading.Timer(0.05, leave).start()

    def log_message(self, *_):
        pass


def leave():
    for path in (state, state + ".lock"):
        os.unlink(path)
    os._exit(0)


server = http.server.HTTPServer(("127.0.0.1", 0), Control)
with open(state + ".lock", "w") as lock:
    lock.write(str(os.getpid()))
write(state, {"pid": os.getpid(), "httpPort": server.server_port, "startTime": "1/2/2026, 3:04:05 PM",
              "startedWithCliVersion": "0.29.0", "runnerLogPath": os.path.join(home, "logs", "x-runner.log")})
server.serve_forever()
