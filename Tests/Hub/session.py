#!/usr/bin/python3 -IS
"""A stand-in for HAPI's own session process: it reports to the runner as a session does, then waits for signals.

How it behaves: $STANDIN, comma-separated; a file `.standin` in the working directory replaces it. See README.md.
"""
import json
import os
import signal
import socket
import sys
import time

LIFE = 1000                             # seconds: nothing started here lives longer
RETRY_FOR = 10
AGENTS = ("agy", "claude", "codex", "copilot", "cursor", "dsh", "gemini", "grok", "kimi", "opencode", "pi")
BEHAVIOURS = {"mute", "slow", "exit", "exit-after", "kill-self", "kill-self-after", "eat-after", "await", "ignore-term",
              "helper", "setsid-helper", "noise", "wrapper", "claim-parent", "hydra"}
SHOWN = ("HAPI_", "STANDIN", "CLAUDE", "CODEX_", "CLI_API_TOKEN", "HOME", "PATH", "NO_COLOR")


# -- what it was told ---------------------------------------------------------------------------------

def behaviour():
    """{name: value or True}; a name it does not know ends it, so that a typo in a test is seen."""
    try:
        with open(".standin", encoding="utf-8") as file:
            words = file.read()
    except FileNotFoundError:
        words = os.environ.get("STANDIN", "")
    told = {}
    for word in words.replace("\n", ",").split(","):
        name, equals, value = word.strip().partition("=")
        if name and name not in BEHAVIOURS:
            leave(64, f"unknown behaviour {name!r}")
        if name:
            told[name] = value if equals else True
    if os.environ.get("STANDIN_WRAPPED"):
        told.pop("wrapper", None)
    return told


def option(name):
    """The word after a flag, or None."""
    words = sys.argv[1:]
    return words[words.index(name) + 1] if name in words[:-1] else None


def new_uuid():
    raw = bytearray(os.urandom(16))
    raw[6], raw[8] = raw[6] & 0x0F | 0x40, raw[8] & 0x3F | 0x80
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


# -- what it leaves for the test ------------------------------------------------------------------------

def leave_file(suffix, content):
    """$STANDIN_DIR/<pid><suffix>, whole or not at all."""
    folder = os.environ.get("STANDIN_DIR")
    if not folder:
        return
    path = os.path.join(folder, str(os.getpid()) + suffix)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(content + "\n")
    os.rename(path + ".new", path)


def open_files():
    found = {}
    for number in os.listdir("/proc/self/fd"):
        try:
            found[number] = os.readlink("/proc/self/fd/" + number)
        except FileNotFoundError:       # the one that listed the folder
            pass
    return found


def signal_set(label):
    with open("/proc/self/status", encoding="ascii") as file:
        mask = next(int(line.split()[1], 16) for line in file if line.startswith(label))
    return [number for number in range(1, 65) if mask >> (number - 1) & 1]


def record(session_id, told, **more):
    environment = {key: value for key, value in os.environ.items() if key.startswith(SHOWN)}
    leave_file(".json", json.dumps({
        "argv": sys.argv, "env": environment, "cwd": os.getcwd(), "pid": os.getpid(), "ppid": os.getppid(),
        "pgid": os.getpgid(0), "sid": os.getsid(0), "fds": BORN_WITH["fds"], "blocked": BORN_WITH["blocked"],
        "ignored": BORN_WITH["ignored"], "sessionId": session_id, "behaviour": told, **more}))


def leave(code, complaint=None):
    if complaint:
        print(complaint, file=sys.stderr, flush=True)
    sys.exit(code)


# -- the report to the runner -----------------------------------------------------------------------------

def runner_state():
    """The runner's state file; with STANDIN_RETRY=1 it is waited for, otherwise one look has to do."""
    path = os.path.join(hapi_home(), "runner.state.json")
    deadline = time.monotonic() + (RETRY_FOR if os.environ.get("STANDIN_RETRY") == "1" else 0)
    while True:
        try:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.05)


def hapi_home():
    return os.environ.get("HAPI_HOME") or os.path.expanduser("~/.hapi")


def metadata(machine_id):
    started_by = option("--started-by") or "terminal"
    agent = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] in AGENTS else "claude"
    found = {
        "path": os.getcwd(), "host": os.environ.get("HAPI_HOSTNAME") or socket.gethostname(), "version": "0.29.0",
        "os": "linux", "machineId": machine_id, "homeDir": os.path.expanduser("~"), "happyHomeDir": hapi_home(),
        "happyLibDir": os.path.dirname(os.path.abspath(__file__)), "startedFromRunner": started_by == "runner",
        "hostPid": os.getpid(), "startedBy": started_by, "lifecycleState": "running",
        "lifecycleStateSince": int(time.time() * 1000), "flavor": agent, "capabilities": {"terminal": True}}
    names = {"basePath": "BASE_PATH", "branch": "BRANCH", "name": "NAME", "worktreePath": "PATH",
             "createdAt": "CREATED_AT"}
    worktree = {key: os.environ.get("HAPI_WORKTREE_" + name) for key, name in names.items()}
    if all(worktree.values()):
        found["worktree"] = {**worktree, "createdAt": int(worktree["createdAt"])}
    return {key: value for key, value in found.items() if value is not None}


def report(session_id, pid=None, suffix=".report"):
    """POST /session-started, in the name of a process: this one, if none is given. A failure is noted and, as in a real session, changes nothing."""
    try:
        state = runner_state()
        body = {"sessionId": session_id, "metadata": metadata(state.get("startedWithMachineId"))}
        body["metadata"]["hostPid"] = pid or os.getpid()
        outcome = post(state["httpPort"], "/session-started", json.dumps(body, ensure_ascii=False).encode(errors="replace"))
    except (OSError, ValueError, LookupError) as error:     # a runner killed amid its answer among them
        outcome = {"error": f"{type(error).__name__}: {error}"}
        print("session-started not delivered:", outcome["error"], file=sys.stderr, flush=True)
    leave_file(suffix, json.dumps(outcome))


def post(port, path, body):
    head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(head.encode() + body)
        answer = b""
        while chunk := wire.recv(65536):
            answer += chunk
    top, _, rest = answer.partition(b"\r\n\r\n")
    return {"status": int(top.split()[1]), "body": rest.decode(errors="replace")}


# -- processes of its own -----------------------------------------------------------------------------------

def start_sleep():
    return os.posix_spawnp("sleep", ["sleep", str(LIFE)], os.environ)


def start_daemon_sleep():
    """In a session of its own, its parent gone."""
    reading, writing = os.pipe()
    middle = os.fork()
    if middle == 0:
        os.setsid()
        os.write(writing, str(start_sleep()).encode())
        os._exit(0)
    os.waitpid(middle, 0)
    return int(os.read(reading, 32))


def start_hydra():
    """A helper that hides: it has no environment and no parent, and is another process every 30 ms, for a minute."""
    script = ("import os, time\nend = time.monotonic() + 60\nwhile time.monotonic() < end:\n"
              "    time.sleep(0.03)\n    if os.fork(): os._exit(0)\n    os.setsid()  # hydra\n")
    os.posix_spawn("/usr/bin/python3", ["python3", "-IS", "-c", script], {})


def wrap(told):
    """What a launcher does: the work is a child's, it waits, passes SIGTERM on and ends as the child ended."""
    me = os.path.abspath(__file__)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    child = os.posix_spawn(me, [me, *sys.argv[1:]], {**os.environ, "STANDIN_WRAPPED": "1"}, setsigmask=[])
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    record(None, told, wrapped=child)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(code if code >= 0 else 128 - code)


# -- endings ------------------------------------------------------------------------------------------------

def kill_self(name):
    number = int(name) if name.isdecimal() else signal.Signals["SIG" + name.removeprefix("SIG")]
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.kill(os.getpid(), number)
    time.sleep(LIFE)


def await_word(milliseconds):
    """Blocks until somebody opens the pipe $STANDIN_DIR/go for writing, and for so long after that."""
    os.open(os.path.join(os.environ["STANDIN_DIR"], "go"), os.O_RDONLY | os.O_CLOEXEC)
    time.sleep(milliseconds / 1000)


def eat(mebibytes):
    """Takes memory for good, page by page; whoever is not killed for it ends with 70."""
    eaten = [bytearray(os.urandom(1 << 20)) for _ in range(mebibytes)]
    leave(70, f"{len(eaten)} MiB, and nobody minds")


def make_noise(size):
    chunk = b"." * 4095 + b"\n"
    while size > 0:
        size -= os.write(1, chunk[:size])
    leave_file(".noise-done", "")


def listen_for_signals(told):
    """A handler even where it does nothing: an ignored signal would stay ignored in the helpers."""
    signal.signal(signal.SIGTERM, (lambda *_: None) if "ignore-term" in told else (lambda *_: sys.exit(0)))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))


def main():
    end = time.monotonic() + LIFE
    told = behaviour()
    if "wrapper" in told:
        wrap(told)
    listen_for_signals(told)
    session_id = option("--existing-session-id") or new_uuid()
    helpers = ([start_sleep()] if "helper" in told else []) + ([start_daemon_sleep()] if "setsid-helper" in told else [])
    if "hydra" in told:
        start_hydra()
    record(session_id, told, helpers=helpers)
    print("session", session_id, flush=True)

    time.sleep(float(told.get("slow", 0)))
    if "exit" in told:
        leave(int(told["exit"]), "boom")
    if "kill-self" in told:
        kill_self(told["kill-self"])
    if "mute" not in told:
        report(session_id)
    if "claim-parent" in told:
        report(new_uuid(), os.getppid(), ".claim")
    if "noise" in told:
        make_noise(int(told["noise"]))
    if "await" in told:
        await_word(float(told["await"]))
    if "kill-self-after" in told:
        kill_self(told["kill-self-after"])
    if "eat-after" in told:
        eat(int(told["eat-after"]))
    if "exit-after" in told:
        sys.exit(int(told["exit-after"]))
    time.sleep(max(0, end - time.monotonic()))


if __name__ == "__main__":
    BORN_WITH = {"fds": open_files(), "blocked": signal_set("SigBlk:"), "ignored": signal_set("SigIgn:")}
    main()
