"""What grows with the machine and the history: the same works at several sizes, a column for each."""
import os

import rig as rigs
from rig import Figure, Rig, timed

LIVE = (10, 100, int(os.environ.get("SESSIONS", "1000")))
ENDED = (0, int(os.environ.get("ENDED", "1000000")) // 10, int(os.environ.get("ENDED", "1000000")))
OTHERS = (100, 1000)
WORKS = ("spawn", "stop", "/list", "runner list", "runner status", "history ID", "start")


def measured(rig):
    """The median milliseconds of each work, with the runner of `rig` running."""
    client, spawns, stops = rig.client(), [], []
    for _ in range(40):
        made = []
        spawns += timed(lambda: made.append(rig.spawn(client)), 1)
        stops += timed(lambda: client.post("/stop-session", {"sessionId": made[0]}), 1)
    last = rig.spawn(client)
    found = {
        "spawn": Figure(spawns), "stop": Figure(stops),
        "/list": Figure(timed(lambda: client.post("/list", {}), 100)),
        "runner list": rigs.command(rig, "runner", "list"), "runner status": rigs.command(rig, "runner", "status"),
        "history ID": rigs.command(rig, "runner", "history", last),
    }
    rig.client().post("/stop-session", {"sessionId": last})     # the other one was idle for too long
    return found


def starts(rig, times=5):
    """From a start to its end, beside what lives already."""
    spans = []
    for _ in range(times):
        rig.hapi("runner", "stop")
        rigs.cached(os.path.join(rig.home, "runner.db"))
        spans += timed(rig.start, 1)
    return Figure(spans)


def with_size(prepare):
    rig = Rig()
    try:
        prepare(rig)
        return {**measured(rig), "start": starts(rig)}
    finally:
        rig.close()


def live(count):
    def prepare(rig):
        rig.start()
        rig.live(count)
    return prepare


def ended(count):
    def prepare(rig):
        if count:
            rig.history(count)
        rig.start()
    return prepare


def others(count):
    def prepare(rig):
        rig.crowd(count)
        rig.start()
    return prepare


def table():
    """The lines of the table, each as soon as its size is measured: a line for each size."""
    yield "size", *WORKS
    yield ("---",) * (1 + len(WORKS))
    sizes = ([(f"{count} live", live(count)) for count in LIVE] + [(f"{count} ended", ended(count)) for count in ENDED]
             + [(f"{count} other processes", others(count)) for count in OTHERS])
    for words, prepare in sizes:
        found = with_size(prepare)
        yield words, *(f"{found[work].median:.1f} ms" for work in WORKS)
