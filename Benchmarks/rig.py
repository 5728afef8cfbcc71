"""A runner in a throw-away home, what speaks to it, and the floors to measure it against."""
import http.client
import http.server
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("HAPI", os.path.join(HERE, "..", ".build", "release", "hapi"))


def timed(work, times):
    """The seconds each of `times` calls took."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return found


class Figure:
    """Milliseconds: the median, and the spread from the tenth to the ninetieth of a hundred."""

    def __init__(self, seconds):
        self.values = sorted(1000 * value for value in seconds)
        self.median = statistics.median(self.values)

    def at(self, share):
        return self.values[min(len(self.values) - 1, int(share * len(self.values)))]

    def __str__(self):
        return f"{self.median:.2f} ms ({self.at(0.1):.2f}–{self.at(0.9):.2f})"


class Rig:
    """Everything below one temporary directory, on the disk the store would be on."""

    def __init__(self, folder=None):
        self.root = tempfile.mkdtemp(prefix="hapi-bench-", dir=folder or os.path.expanduser("~"))
        self.home = os.path.join(self.root, "home")
        self.work = os.path.join(self.root, "work")
        os.mkdir(self.work)
        self.session = os.path.join(self.root, "session")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", self.session, os.path.join(HERE, "session.c")], check=True)
        self.environment = {
            "HOME": self.root, "HAPI_HOME": self.home, "PATH": os.environ["PATH"], "HAPI_CLI_EXECUTABLE": self.session,
        }
        self.others = []

    def close(self):
        self.stop()
        self.crowd(0)
        shutil.rmtree(self.root, ignore_errors=True)

    # -- the runner ---------------------------------------------------------------------------------------

    def hapi(self, *words, check=True, **changes):
        return subprocess.run([PROGRAM, *words], env={**self.environment, **changes}, check=check, capture_output=True, text=True)

    def start(self, **changes):
        self.hapi("runner", "start", **changes)
        return self.state()["httpPort"]

    def stop(self):
        if os.path.exists(os.path.join(self.home, "runner.state.json")):
            self.stop_sessions()
            self.hapi("runner", "stop", check=False)

    def state(self):
        with open(os.path.join(self.home, "runner.state.json"), encoding="utf-8") as file:
            return json.load(file)

    def sql(self, *statements):
        with sqlite3.connect(os.path.join(self.home, "runner.db"), timeout=60) as store:
            for statement in statements:
                result = store.execute(statement).fetchall()
        store.close()
        return result

    # -- sessions -----------------------------------------------------------------------------------------

    def client(self):
        return Client(self.state()["httpPort"])

    def spawn(self, client):
        return client.post("/spawn-session", {"directory": self.work})["sessionId"]

    def live(self, count):
        """Brings the number of live sessions to `count`, and gives their HAPI ids."""
        ids = self.ids()
        if len(ids) < count:
            in_turns(16, lambda: self.client(), lambda client: self.spawn(client), count - len(ids))
        for session in ids[count:]:
            self.client().post("/stop-session", {"sessionId": session})
        return self.ids()

    def ids(self):
        return [child["happySessionId"] for child in self.client().post("/list", {})["children"]]

    def stop_sessions(self):
        ids = self.ids()
        in_turns(16, lambda: self.client(), lambda client: client.post("/stop-session", {"sessionId": ids.pop()}), len(ids))

    # -- the machine --------------------------------------------------------------------------------------

    def crowd(self, count):
        """Other processes on the machine that do nothing."""
        while len(self.others) < count:
            self.others.append(subprocess.Popen(["sleep", "100000"]))
        while len(self.others) > count:
            other = self.others.pop()
            other.kill()
            other.wait()

    def history(self, count):
        """Fills the store with so many ended sessions, each with its launch, its exit, two events and a request."""
        number = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) " % count)
        identity = "printf('%08x-0000-4000-8000-%012x', i, i)"
        at = "1700000000000 + i * 1000"
        self.hapi("runner", "start")
        self.hapi("runner", "stop")
        self.sql(
            "PRAGMA synchronous = OFF",
            f"INSERT INTO launches (id, phase, machine, boot_id, pid_namespace, monitor_pid, monitor_start, pid, start, requested_at) "
            f"{number} SELECT {identity}, 'launched', 'bench', 'bench', 1, 2, 1, 3, 1, {at} FROM n",
            f"INSERT INTO exits (launch_id, reason, code, at) {number} SELECT {identity}, 'exited', i % 3, {at} FROM n",
            f"INSERT INTO sessions (id, runner_id, started_by, agent, directory, happy_session_id, requested_session_id, created_at, "
            f"reported_at, ended_at) {number} SELECT {identity}, 1, 'runner', 'claude', '/work', 'happy-' || i, 'asked-' || i, {at}, {at}, "
            f"{at} FROM n",
            f"INSERT INTO session_events (session_id, at, kind) {number} SELECT {identity}, {at}, 'requested' FROM n",
            f"INSERT INTO session_events (session_id, at, kind) {number} SELECT {identity}, {at}, 'ended' FROM n",
            f"INSERT INTO spawn_requests (id, source, session_id, directory, agent, requested_at, outcome, answered_at) "
            f"{number} SELECT 'request-' || i, 'http', {identity}, '/work', 'claude', {at}, 'started', {at} FROM n",
            "UPDATE sessions SET sequence = coalesce((SELECT min(e.id) FROM session_events e WHERE e.session_id = sessions.id), 0)",
            "ANALYZE")


class Client:
    """One connection that is kept open."""

    def __init__(self, port):
        self.wire = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def post(self, path, body):
        self.wire.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return json.loads(self.wire.getresponse().read())


def in_turns(callers, make, work, count):
    """`count` calls of `work` by so many callers at once, each with what `make` gives it; the seconds each took."""
    lock, left, found, failures = threading.Lock(), [count], [], []

    def calling():
        own = make()
        while True:
            with lock:
                if left[0] == 0 or failures:
                    return
                left[0] -= 1
            began = time.perf_counter()
            try:
                work(own)
            except Exception as error:
                failures.append(error)
                return
            with lock:
                found.append(time.perf_counter() - began)

    threads = [threading.Thread(target=calling) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return found


# -- floors --------------------------------------------------------------------------------------------------

class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")

    def log_message(self, *words):
        pass


def round_trip(times=500):
    """A plain HTTP round trip over loopback, on a connection that is kept open."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Client(server.server_address[1])
    found = timed(lambda: client.post("/", {}), times)
    server.shutdown()
    return Figure(found)


def bare_spawn(rig, times=200):
    """posix_spawn of the session's program, and its end."""
    def work():
        pid = os.posix_spawn(rig.session, [rig.session, "--floor"], {})
        os.waitpid(pid, 0)
    return Figure(timed(work, times))


def two_flushes(rig, times=200):
    """Two appends of 4 KiB, each flushed, on the disk the store is on."""
    file = os.open(os.path.join(rig.root, "flushed"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    page = b"x" * 4096

    def work():
        for _ in range(2):
            os.write(file, page)
            os.fdatasync(file)
    found = Figure(timed(work, times))
    os.close(file)
    return found


def sqlite_shell(rig, query, times=40):
    """The sqlite3 shell on the same file."""
    command = ["sqlite3", "-readonly", os.path.join(rig.home, "runner.db"), query]
    return Figure(timed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), times))


def command(rig, *words, times=40, check=True):
    """One of the program's own commands, from its start to its end."""
    line = [PROGRAM, *words]
    return Figure(timed(
        lambda: subprocess.run(line, env=rig.environment, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), times))


def peak_memory(rig, *words):
    """A command's time in seconds and its peak resident memory in MiB."""
    began = time.perf_counter()
    child = subprocess.Popen([PROGRAM, *words], env=rig.environment, stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def cached(path):
    """Reads a file, so that it is in memory."""
    with open(path, "rb") as file:
        while file.read(1 << 20):
            pass


def kill(pid):
    os.kill(pid, signal.SIGKILL)
