"""What is measured: each row is a function that yields lines of the table."""
import contextlib
import os
import random
import subprocess
import time

import rig as rigs
from rig import Figure, Rig, in_turns, timed

SESSIONS = int(os.environ.get("SESSIONS", "1000"))
ENDED = int(os.environ.get("ENDED", "1000000"))
ROWS = {}


def row(work):
    ROWS[work.__name__] = work
    return work


@contextlib.contextmanager
def running(**changes):
    rig = Rig()
    try:
        rig.start(**changes)
        yield rig
    finally:
        rig.close()


def line(what, measured, floor=None, wanted="", met=None):
    ratio = f"{measured.median / floor.median:.1f} ×" if isinstance(measured, Figure) and isinstance(floor, Figure) else ""
    mark = "" if met is None else " ✓" if met else " ✗"
    return what, str(measured), "" if floor is None else str(floor), ratio, wanted + mark


def spawn_cycle(rig, client):
    """A spawn that is timed, and a stop that is not."""
    began = time.perf_counter()
    session = rig.spawn(client)
    taken = time.perf_counter() - began
    client.post("/stop-session", {"sessionId": session})
    return taken


@row
def spawn():
    with running() as rig:
        parts = rigs.bare_spawn(rig), rigs.round_trip(), rigs.two_flushes(rig)
        floor = sum(part.median for part in parts)
        client = rig.client()
        for _ in range(20):
            spawn_cycle(rig, client)
        alone = Figure([spawn_cycle(rig, client) for _ in range(200)])
        words = f"{floor:.2f} ms (posix_spawn {parts[0].median:.2f}, HTTP {parts[1].median:.2f}, two flushes {parts[2].median:.2f})"
        what, measured, _, _, wanted = line("spawn → answer, one caller", alone, wanted="≤ 5 × floor", met=alone.median <= 5 * floor)
        yield what, measured, words, f"{alone.median / floor:.1f} ×", wanted
        rig.crowd(1000)
        crowded = Figure([spawn_cycle(rig, client) for _ in range(200)])
        yield line("the same with 1,000 more processes", crowded, alone, "≤ 1.2 ×", crowded.median <= 1.2 * alone.median)


@row
def callers():
    for count in (16, 32):
        with running() as rig:
            spans = []

            def work(client):
                spans.append(spawn_cycle(rig, client))
            began = time.perf_counter()
            in_turns(count, rig.client, work, 40 * count)
            rate = 40 * count / (time.perf_counter() - began)
            found = Figure(spans)
            met = rate >= 150 and found.at(0.99) <= 5 * found.median and found.values[-1] < 1000
            yield (f"spawn, {count} callers", f"{rate:.0f}/s, {found}", f"p99 {found.at(0.99):.0f} ms, longest {found.values[-1]:.0f} ms",
                   "", "≥ 150/s, p99 ≤ 5 × median, never 1 s" + (" ✓" if met else " ✗"))


@row
def list_request():
    with running() as rig:
        for count, wanted in ((3, 0.2), (600, 2.5), (1000, 4)):
            if count > SESSIONS:
                continue
            rig.live(count)
            client = rig.client()
            floor = rigs.round_trip()
            found = Figure(timed(lambda: client.post("/list", {}), 200))
            yield line(f"/list, {count} sessions", found, floor, f"≤ {wanted} ms", found.median <= wanted)


@row
def stop():
    with running() as rig:
        few = None
        for count in (10, 100, SESSIONS):
            rig.live(count)
            client = rig.client()
            spans = []
            for _ in range(20):
                session = rig.spawn(client)
                spans += timed(lambda: client.post("/stop-session", {"sessionId": session}), 1)
            found = Figure(spans)
            few = few or found
            yield line(f"stop of one, {count} live", found, few, "≤ 1.3 × with few", found.median <= 1.3 * few.median)
        ids = rig.ids()
        count = len(ids)
        began = time.perf_counter()
        rig.stop_sessions()
        yield f"stop of {count} by 16 callers", f"{count / (time.perf_counter() - began):.0f}/s", "", "", ""


@row
def looks():
    query = "SELECT count(*) FROM sessions"
    with running() as rig:
        rig.live(3)
        floor = rigs.sqlite_shell(rig, query)
        for words in (("runner", "list"), ("runner", "status")):
            found = rigs.command(rig, *words)
            yield line(f"{' '.join(words)}, 3 live, beside the sqlite3 shell", found, floor, "≤ 1.6 ×", found.median <= 1.6 * floor.median)
        rig.live(SESSIONS)
        for words in (("runner", "list"), ("runner", "status")):
            found = rigs.command(rig, *words)
            yield line(f"{' '.join(words)}, {SESSIONS} live", found, None, "≤ 20 ms", found.median <= 20)


def starts(rig, times=5):
    """From the start to the first answer, with the store's file in memory."""
    spans = []
    for _ in range(times):
        rigs.cached(os.path.join(rig.home, "runner.db"))
        spans += timed(rig.start, 1)
        rig.hapi("runner", "stop")
    return Figure(spans)


@row
def history():
    with contextlib.closing(Rig()) as empty, contextlib.closing(Rig()) as full:
        for rig in (empty, full):
            rig.hapi("runner", "start")
            rig.hapi("runner", "stop")
        empty.history(3)
        full.history(ENDED)
        small, large = starts(empty), starts(full)
        yield line(f"start, {ENDED} ended", large, small, "≤ 1.2 × an empty store's", large.median <= 1.2 * small.median)
        few, many = f"{3:08x}", f"{ENDED:08x}"
        for what, small, large in (
            ("history by HAPI id", ("runner", "history", "happy-3"), ("runner", "history", f"happy-{ENDED}")),
            ("history by the beginning of an id", ("runner", "history", few), ("runner", "history", many)),
        ):
            floor, found = rigs.command(empty, *small), rigs.command(full, *large)
            yield line(f"{what}, {ENDED} ended", found, floor, "≤ 2 × an empty store's", found.median <= 2 * floor.median)
        for words in (("runner", "list", "--all", "--json"), ("runner", "history", "--limit", str(ENDED), "--json")):
            seconds, memory = rigs.peak_memory(full, *words)
            yield " ".join(words), f"{seconds:.1f} s, {memory:.0f} MiB", "", "", "≤ 15 s, memory flat" + (" ✓" if seconds <= 15 else " ✗")
        yield from prune(full)


def prune(rig):
    """How long others wait for the lock while nine of ten sessions are pruned."""
    import sqlite3
    store = sqlite3.connect(os.path.join(rig.home, "runner.db"), timeout=0, isolation_level=None)

    def take():
        """As the runner and its monitors wait: in steps of up to 5 ms (SQLite's own grow to 100)."""
        while True:
            try:
                store.execute("BEGIN IMMEDIATE")
                return store.execute("ROLLBACK")
            except sqlite3.OperationalError:
                time.sleep(random.uniform(0.0003, 0.005))
    bound = 1700000000000 + ENDED * 900
    day = time.strftime("%Y-%m-%d", time.gmtime(bound / 1000))
    child = subprocess.Popen([rigs.PROGRAM, "runner", "prune", "--yes", "--before", day], env=rig.environment,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    began, spans = time.perf_counter(), []
    while child.poll() is None:
        spans += timed(take, 1)
        time.sleep(0.002)
    store.close()
    longest = 1000 * max(spans)
    yield (f"prune of {ENDED * 9 // 10}", f"{time.perf_counter() - began:.1f} s", f"longest wait for the lock {longest:.0f} ms", "",
           "≤ 50 ms" + (" ✓" if longest <= 50 else " ✗"))


@row
def hub_away():
    with running(CLI_API_TOKEN="bench", HAPI_API_URL="http://127.0.0.1:1") as rig:
        time.sleep(20)
        count = rig.sql("SELECT count(*) FROM hub_changes")[0][0]
        yield "a hub that is away for 20 s", f"{count} rows", "", "", "one for each change" + (" ✓" if count <= 1 else " ✗")


@row
def service_start():
    """The login shell is slow: it is asked for PATH, and only a spawn waits for it."""
    rig = Rig()
    try:
        shell = os.path.join(rig.root, "shell")
        with open(shell, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nsleep 3\nexec /bin/sh \"$@\"\n")
        os.chmod(shell, 0o755)
        bare = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        spans = timed(lambda: rig.start(INVOCATION_ID="bench", PATH=bare, SHELL=shell), 1)
        yield line("start under systemd, login shell takes 3 s", Figure(spans), None, "beside it: < 1 s", spans[0] < 1)
    finally:
        rig.close()
