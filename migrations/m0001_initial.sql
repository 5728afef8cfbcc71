-- The first schema. Times are milliseconds since 1970 UTC; start times of processes are the
-- kernel's clock ticks since boot, which with the boot id name a process for good.

-- launches and exits are FROZEN: a monitor outlives upgrades of the runner and writes these two
-- tables with the statements it was built with. No later migration may change them, and they
-- carry no foreign keys and no triggers.

-- A process to be launched, or launched. `requested` is the runner's word; only a monitor that
-- moves the row to `claimed` itself may launch. `withdrawn`: ended before any monitor claimed it.
CREATE TABLE launches (
    id            TEXT    NOT NULL PRIMARY KEY,
    phase         TEXT    NOT NULL CHECK (phase IN ('requested', 'claimed', 'launched', 'withdrawn')),
    machine       TEXT    NOT NULL,
    boot_id       TEXT    NOT NULL,
    pid_namespace INTEGER NOT NULL,
    monitor_pid   INTEGER CHECK (monitor_pid > 0),
    monitor_start INTEGER,
    pid           INTEGER CHECK (pid > 0),
    start         INTEGER,
    requested_at  INTEGER NOT NULL,
    claimed_at    INTEGER,
    launched_at   INTEGER,
    CHECK ((monitor_pid IS NULL) = (monitor_start IS NULL)),
    CHECK ((pid IS NULL) = (start IS NULL)),
    CHECK (phase NOT IN ('requested', 'withdrawn') OR (monitor_pid IS NULL AND pid IS NULL)),
    CHECK (phase <> 'launched' OR pid IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- How a launch ended. Written once, by whoever saw it; there is no second word on it.
CREATE TABLE exits (
    launch_id TEXT    NOT NULL PRIMARY KEY,
    reason    TEXT    NOT NULL CHECK (reason IN ('exited', 'signaled', 'launch-failed', 'vanished')),
    code      INTEGER,
    signal    INTEGER,
    message   TEXT,
    helpers   INTEGER,
    at        INTEGER NOT NULL,
    CHECK ((reason = 'exited') = (code IS NOT NULL)),
    CHECK ((reason = 'signaled') = (signal IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- One row for each life of the daemon. `end_reason` is NULL while it lives; `ended_at` stays
-- NULL where nobody saw the end (a crash).
CREATE TABLE runners (
    id                  INTEGER PRIMARY KEY,
    pid                 INTEGER NOT NULL CHECK (pid > 0),
    start               INTEGER NOT NULL,
    machine             TEXT    NOT NULL,
    boot_id             TEXT    NOT NULL,
    pid_namespace       INTEGER NOT NULL,
    version             TEXT    NOT NULL,
    program_modified_at REAL,
    http_port           INTEGER CHECK (http_port BETWEEN 1 AND 65535),
    hub_url             TEXT,
    hub_state           TEXT    NOT NULL
                        CHECK (hub_state IN ('connected', 'connecting', 'unauthorized', 'disabled')),
    hub_detail          TEXT,
    machine_id          TEXT,
    log_path            TEXT    NOT NULL,
    started_at          INTEGER NOT NULL,
    last_heartbeat_at   INTEGER,
    stopping_at         INTEGER,
    ended_at            INTEGER,
    end_reason          TEXT    CHECK (end_reason IN ('hapi-cli', 'hapi-app', 'os-signal', 'exception',
                                                      'replaced', 'crashed')),
    end_detail          TEXT,
    CHECK (ended_at IS NULL OR end_reason IS NOT NULL)
) STRICT;
CREATE INDEX runners_unended ON runners (id) WHERE end_reason IS NULL;

-- One row for each session, under the id of its launch. Its state is not stored: it follows from
-- these facts, its launch, its exit and a look at the process.
CREATE TABLE sessions (
    id                   TEXT    NOT NULL PRIMARY KEY,
    runner_id            INTEGER REFERENCES runners (id),
    started_by           TEXT    NOT NULL CHECK (started_by IN ('runner', 'terminal')),
    agent                TEXT    NOT NULL,
    directory            TEXT    NOT NULL,
    log_path             TEXT,
    requested_session_id TEXT,
    happy_session_id     TEXT,
    created_at           INTEGER NOT NULL,
    reported_at          INTEGER,
    adopted_at           INTEGER,
    stop_requested_at    INTEGER,
    stopped_by           TEXT    CHECK (stopped_by IN ('hub', 'cli', 'http')),
    ended_at             INTEGER,
    CHECK ((reported_at IS NULL) = (happy_session_id IS NULL)),
    CHECK ((stop_requested_at IS NULL) = (stopped_by IS NULL)),
    CHECK (started_by = 'terminal' OR runner_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_live ON sessions (created_at) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_age ON sessions (created_at);
CREATE INDEX sessions_by_happy_id ON sessions (happy_session_id) WHERE happy_session_id IS NOT NULL;
-- One HAPI session has one live owner, whether it has reported or was only asked for.
CREATE UNIQUE INDEX sessions_one_owner ON sessions (happy_session_id)
    WHERE ended_at IS NULL AND happy_session_id IS NOT NULL;
CREATE UNIQUE INDEX sessions_one_request ON sessions (requested_session_id)
    WHERE ended_at IS NULL AND requested_session_id IS NOT NULL;

-- The audit: what happened to a session, in order.
CREATE TABLE session_events (
    id         INTEGER PRIMARY KEY,
    session_id TEXT    NOT NULL REFERENCES sessions (id),
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    detail     TEXT
) STRICT;
CREATE INDEX session_events_by_session ON session_events (session_id, id);

-- What was asked for, and the one answer it got. A repeated id meets the first request's row.
CREATE TABLE spawn_requests (
    id           TEXT    NOT NULL PRIMARY KEY,
    source       TEXT    NOT NULL CHECK (source IN ('hub', 'http', 'cli')),
    session_id   TEXT    REFERENCES sessions (id),
    directory    TEXT    NOT NULL,
    agent        TEXT    NOT NULL,
    requested_at INTEGER NOT NULL,
    outcome      TEXT    NOT NULL
                 CHECK (outcome IN ('pending', 'started', 'late', 'needs-approval', 'refused', 'failed')),
    error        TEXT,
    answered_at  INTEGER,
    CHECK ((outcome = 'pending') = (answered_at IS NULL)),
    CHECK (outcome <> 'started' OR session_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX spawn_requests_by_session ON spawn_requests (session_id);

CREATE TABLE directory_decisions (
    id               INTEGER PRIMARY KEY,
    directory        TEXT    NOT NULL,
    decision         TEXT    NOT NULL CHECK (decision IN ('pending', 'approved', 'denied')),
    decided_by       TEXT,
    decided_at       INTEGER,
    asked_at         INTEGER NOT NULL,
    spawn_request_id TEXT,
    CHECK ((decision = 'pending') = (decided_at IS NULL))
) STRICT;
CREATE INDEX directory_decisions_by_directory ON directory_decisions (directory, id);

CREATE TABLE heartbeats (
    runner_id      INTEGER NOT NULL REFERENCES runners (id),
    at             INTEGER NOT NULL,
    live_sessions  INTEGER NOT NULL,
    pruned         INTEGER NOT NULL,
    hub_state      TEXT    NOT NULL,
    resident_bytes INTEGER,
    load_1m        REAL
) STRICT;
CREATE INDEX heartbeats_by_time ON heartbeats (at);
