-- A store of schema 3 with a row of every kind, as `sqlite3 runner.db .dump` gives it.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO launches VALUES('10000000-0000-4000-8000-000000000001','launched','machine-a','boot-1',4026531836,201,6001,202,6002,1795335720000,1795335720010,1795335720020);
INSERT INTO launches VALUES('10000000-0000-4000-8000-000000000002','launched','machine-a','boot-1',4026531836,203,6003,204,6004,1795335721000,1795335721010,1795335721020);
INSERT INTO launches VALUES('10000000-0000-4000-8000-000000000003','withdrawn','machine-a','boot-1',4026531836,NULL,NULL,NULL,NULL,1795335722000,NULL,NULL);
INSERT INTO launches VALUES('10000000-0000-4000-8000-000000000004','claimed','machine-a','boot-1',4026531836,207,6007,NULL,NULL,1795335723000,1795335723010,NULL);
INSERT INTO launches VALUES('10000000-0000-4000-8000-000000000005','launched','machine-b','boot-9',4026531999,NULL,NULL,209,6009,1795335724000,NULL,1795335724000);
INSERT INTO launches VALUES('10000000-0000-4000-8000-000000000006','launched','machine-a','boot-1',4026531836,210,6010,211,6011,1795335725000,1795335725010,1795335725020);
INSERT INTO launches VALUES('10000000-0000-4000-8000-000000000007','requested','machine-a','boot-1',4026531836,NULL,NULL,NULL,NULL,1795335726000,NULL,NULL);
INSERT INTO launches VALUES('10000000-0000-4000-8000-000000000008','launched','machine-a','boot-1',4026531836,214,6014,215,6015,1795335727000,1795335727010,1795335727020);
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
INSERT INTO exits VALUES('10000000-0000-4000-8000-000000000001','exited',3,NULL,NULL,0,1795335760000);
INSERT INTO exits VALUES('10000000-0000-4000-8000-000000000002','signaled',NULL,9,NULL,2,1795335761000);
INSERT INTO exits VALUES('10000000-0000-4000-8000-000000000003','launch-failed',NULL,NULL,'the runner ended before its monitor claimed the launch',NULL,1795335762000);
INSERT INTO exits VALUES('10000000-0000-4000-8000-000000000004','vanished',NULL,NULL,'its monitor was killed while launching it, and no process of it is there',NULL,1795335763000);
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
    end_detail          TEXT, notice TEXT,
    CHECK (ended_at IS NULL OR end_reason IS NOT NULL)
) STRICT;
INSERT INTO runners VALUES(1,100,5000,'machine-a','boot-1',4026531836,'0.1.0',1795333205279.642334,46735,'http://hub.example:3006','connected',NULL,'4abfd7f8-63fc-4d11-90c4-e2b03b5b2943','/home/dev/.hapi/logs/2026-11-22-07-41-59-pid-100-runner.log',1795335719000,1795335779000,1795335790000,1795335790500,'hapi-cli',NULL,NULL);
INSERT INTO runners VALUES(2,110,5100,'machine-a','boot-1',4026531836,'0.1.0',NULL,NULL,NULL,'disabled',NULL,NULL,'/home/dev/.hapi/logs/2026-11-22-07-44-00-pid-110-runner.log',1795335840000,NULL,NULL,NULL,'crashed',NULL,NULL);
INSERT INTO runners VALUES(3,120,5200,'machine-a','boot-1',4026531836,'0.1.0',1795333205279.642334,40001,'http://hub.example:3006','unauthorized','the hub refuses the token','4abfd7f8-63fc-4d11-90c4-e2b03b5b2943','/home/dev/.hapi/logs/2026-11-22-07-45-00-pid-120-runner.log',1795335900000,1795335960000,NULL,NULL,NULL,NULL,'the new program fails: exit 1');
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
    ended_at             INTEGER, name TEXT, native_id TEXT, title TEXT, sequence INTEGER NOT NULL DEFAULT 0,
    CHECK ((reported_at IS NULL) = (happy_session_id IS NULL)),
    CHECK ((stop_requested_at IS NULL) = (stopped_by IS NULL)),
    CHECK (started_by = 'terminal' OR runner_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO sessions VALUES('10000000-0000-4000-8000-000000000001',1,'runner','claude','/home/dev/work','/home/dev/.hapi/logs/sessions/1.log',NULL,'20000000-0000-4000-8000-000000000001',1795335720000,1795335720500,NULL,NULL,NULL,1795335760000,NULL,NULL,NULL,1);
INSERT INTO sessions VALUES('10000000-0000-4000-8000-000000000002',1,'runner','codex','/home/dev/naïve 😀','/home/dev/.hapi/logs/sessions/2.log','20000000-0000-4000-8000-000000000002','20000000-0000-4000-8000-000000000002',1795335721000,1795335721500,NULL,1795335750000,'hub',1795335761000,NULL,NULL,NULL,0);
INSERT INTO sessions VALUES('10000000-0000-4000-8000-000000000003',2,'runner','claude','/home/dev/work','/home/dev/.hapi/logs/sessions/3.log',NULL,NULL,1795335722000,NULL,NULL,NULL,NULL,1795335762000,NULL,NULL,NULL,0);
INSERT INTO sessions VALUES('10000000-0000-4000-8000-000000000004',2,'runner','claude','/home/dev/work','/home/dev/.hapi/logs/sessions/4.log',NULL,NULL,1795335723000,NULL,NULL,NULL,NULL,1795335763000,NULL,NULL,NULL,0);
INSERT INTO sessions VALUES('10000000-0000-4000-8000-000000000005',NULL,'terminal','claude','/home/dev/work',NULL,NULL,'20000000-0000-4000-8000-000000000005',1795335724000,1795335724000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0);
INSERT INTO sessions VALUES('10000000-0000-4000-8000-000000000006',3,'runner','claude','/home/dev/work','/home/dev/.hapi/logs/sessions/6.log',NULL,'20000000-0000-4000-8000-000000000006',1795335725000,1795335725500,1795335901000,NULL,NULL,NULL,'work','c0ffee-1','Mending the login',4);
INSERT INTO sessions VALUES('10000000-0000-4000-8000-000000000007',3,'runner','kimi','/home/dev/new','/home/dev/.hapi/logs/sessions/7.log','20000000-0000-4000-8000-000000000007',NULL,1795335726000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0);
INSERT INTO sessions VALUES('10000000-0000-4000-8000-000000000008',3,'runner','claude','/home/dev/work','/home/dev/.hapi/logs/sessions/8.log',NULL,NULL,1795335727000,NULL,NULL,1795335970000,'cli',NULL,NULL,NULL,NULL,0);
CREATE TABLE session_events (
    id         INTEGER PRIMARY KEY,
    session_id TEXT    NOT NULL REFERENCES sessions (id),
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    detail     TEXT
) STRICT;
INSERT INTO session_events VALUES(1,'10000000-0000-4000-8000-000000000001',1795335720000,'requested','by hub');
INSERT INTO session_events VALUES(2,'10000000-0000-4000-8000-000000000001',1795335720500,'reported','20000000-0000-4000-8000-000000000001');
INSERT INTO session_events VALUES(3,'10000000-0000-4000-8000-000000000001',1795335760000,'ended','exited with code 3');
INSERT INTO session_events VALUES(4,'10000000-0000-4000-8000-000000000006',1795335901000,'adopted',NULL);
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
    answered_at  INTEGER, progress TEXT,
    CHECK ((outcome = 'pending') = (answered_at IS NULL)),
    CHECK (outcome <> 'started' OR session_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO spawn_requests VALUES('30000000-0000-4000-8000-000000000001','hub','10000000-0000-4000-8000-000000000001','/home/dev/work','claude',1795335720000,'started',NULL,1795335720500,NULL);
INSERT INTO spawn_requests VALUES('30000000-0000-4000-8000-000000000002','http','10000000-0000-4000-8000-000000000002','/home/dev/naïve 😀','codex',1795335721000,'late','session process 204 has not reported',1795335736000,NULL);
INSERT INTO spawn_requests VALUES('30000000-0000-4000-8000-000000000003','cli',NULL,'/home/dev/new','claude',1795335722000,'needs-approval',NULL,1795335722000,NULL);
INSERT INTO spawn_requests VALUES('30000000-0000-4000-8000-000000000004','hub',NULL,'/etc','claude',1795335723000,'refused','Directory is outside this machine''s workspace roots',1795335723000,NULL);
INSERT INTO spawn_requests VALUES('30000000-0000-4000-8000-000000000005','hub','10000000-0000-4000-8000-000000000003','/home/dev/work','claude',1795335724000,'failed','launch failed',1795335762000,NULL);
INSERT INTO spawn_requests VALUES('30000000-0000-4000-8000-000000000006','hub','10000000-0000-4000-8000-000000000007','/home/dev/new','kimi',1795335726000,'pending',NULL,NULL,NULL);
CREATE TABLE directory_decisions (
    id               INTEGER PRIMARY KEY,
    directory        TEXT    NOT NULL,
    decision         TEXT    NOT NULL CHECK (decision IN ('pending', 'approved', 'denied')),
    decided_by       TEXT,
    decided_at       INTEGER,
    asked_at         INTEGER NOT NULL,
    spawn_request_id TEXT, standing INTEGER NOT NULL DEFAULT 0 CHECK (standing IN (0, 1)),
    CHECK ((decision = 'pending') = (decided_at IS NULL))
) STRICT;
INSERT INTO directory_decisions VALUES(1,'/home/dev/new','pending',NULL,NULL,1795335722000,'30000000-0000-4000-8000-000000000003',0);
INSERT INTO directory_decisions VALUES(2,'/home/dev/new','approved','hub',1795335726000,1795335726000,'30000000-0000-4000-8000-000000000006',0);
INSERT INTO directory_decisions VALUES(3,'/home/dev/other','denied','cli',1795335727000,1795335727000,NULL,0);
INSERT INTO directory_decisions VALUES(4,'/home/dev/new','approved','cli',1795335721000,1795335721000,NULL,1);
CREATE TABLE heartbeats (
    runner_id      INTEGER NOT NULL REFERENCES runners (id),
    at             INTEGER NOT NULL,
    live_sessions  INTEGER NOT NULL,
    pruned         INTEGER NOT NULL,
    hub_state      TEXT    NOT NULL,
    resident_bytes INTEGER,
    load_1m        REAL
, suspended_ms INTEGER) STRICT;
INSERT INTO heartbeats VALUES(1,1795335779000,2,0,'connected',20000000,0.26000000000000000888,0);
INSERT INTO heartbeats VALUES(3,1795335960000,4,0,'unauthorized',NULL,NULL,NULL);
CREATE TABLE hub_changes (
    runner_id INTEGER NOT NULL REFERENCES runners (id),
    at        INTEGER NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('connected', 'connecting', 'unauthorized', 'disabled')),
    detail    TEXT
) STRICT;
INSERT INTO hub_changes VALUES(1,1795335720000,'connected',NULL);
CREATE TABLE worktrees (
    session_id     TEXT    NOT NULL PRIMARY KEY REFERENCES sessions (id),
    repository     TEXT    NOT NULL,
    path           TEXT    NOT NULL,
    branch         TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    removed_at     INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO worktrees VALUES('10000000-0000-4000-8000-000000000001','/home/dev/work','/home/dev/work-worktrees/fix','hapi-fix','fix',1795335722000,NULL);
CREATE TABLE turns (
    id         INTEGER PRIMARY KEY,
    session_id TEXT    NOT NULL REFERENCES sessions (id),
    began_at   INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT    CHECK (outcome IN ('completed', 'failed', 'aborted', 'lost')),
    detail     TEXT,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;
INSERT INTO turns VALUES(1,'10000000-0000-4000-8000-000000000006',1795335730000,1795335731000,'completed',NULL);
INSERT INTO turns VALUES(2,'10000000-0000-4000-8000-000000000006',1795335732000,NULL,NULL,'fix the tests');
CREATE TABLE tool_decisions (
    id         INTEGER PRIMARY KEY,
    session_id TEXT    NOT NULL REFERENCES sessions (id),
    request_id TEXT    NOT NULL,
    tool       TEXT    NOT NULL,
    summary    TEXT,
    decision   TEXT,
    decided_by TEXT,
    asked_at   INTEGER NOT NULL,
    decided_at INTEGER,
    CHECK ((decision IS NULL) = (decided_at IS NULL))
) STRICT;
INSERT INTO tool_decisions VALUES(1,'10000000-0000-4000-8000-000000000006','toolu_1','Bash','make test','approved','hub',1795335730100,1795335730900);
CREATE TABLE leftovers (
    session_id TEXT    NOT NULL REFERENCES sessions (id),
    pid        INTEGER NOT NULL CHECK (pid > 0),
    start      INTEGER NOT NULL,
    command    TEXT    NOT NULL,
    found_at   INTEGER NOT NULL,
    gone_at    INTEGER,
    PRIMARY KEY (session_id, pid, start)
) STRICT, WITHOUT ROWID;
INSERT INTO leftovers VALUES('10000000-0000-4000-8000-000000000002',22405,7000,'claude',1795335761000,NULL);
CREATE INDEX runners_unended ON runners (id) WHERE end_reason IS NULL;
CREATE INDEX sessions_by_age ON sessions (created_at);
CREATE INDEX sessions_by_happy_id ON sessions (happy_session_id) WHERE happy_session_id IS NOT NULL;
CREATE UNIQUE INDEX sessions_one_owner ON sessions (happy_session_id)
    WHERE ended_at IS NULL AND happy_session_id IS NOT NULL;
CREATE UNIQUE INDEX sessions_one_request ON sessions (requested_session_id)
    WHERE ended_at IS NULL AND requested_session_id IS NOT NULL;
CREATE INDEX session_events_by_session ON session_events (session_id, id);
CREATE INDEX spawn_requests_by_session ON spawn_requests (session_id);
CREATE INDEX directory_decisions_by_directory ON directory_decisions (directory, id);
CREATE INDEX heartbeats_by_time ON heartbeats (at);
CREATE INDEX hub_changes_by_time ON hub_changes (at);
CREATE INDEX worktrees_kept ON worktrees (path) WHERE removed_at IS NULL;
CREATE INDEX sessions_by_sequence ON sessions (sequence, created_at, id);
CREATE INDEX sessions_live ON sessions (sequence, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_requested_id ON sessions (requested_session_id)
    WHERE requested_session_id IS NOT NULL;
CREATE INDEX sessions_by_name ON sessions (name) WHERE name IS NOT NULL;
CREATE UNIQUE INDEX sessions_one_name ON sessions (name) WHERE ended_at IS NULL AND name IS NOT NULL;
CREATE INDEX spawn_requests_pending ON spawn_requests (requested_at) WHERE outcome = 'pending';
CREATE INDEX spawn_requests_without_session ON spawn_requests (answered_at) WHERE session_id IS NULL;
CREATE INDEX sessions_live_terminal ON sessions (sequence) WHERE ended_at IS NULL AND started_by = 'terminal';
CREATE INDEX directory_decisions_standing ON directory_decisions (directory, id) WHERE standing = 1;
CREATE INDEX directory_decisions_pending ON directory_decisions (directory) WHERE decision = 'pending';
CREATE INDEX turns_by_session ON turns (session_id, id);
CREATE INDEX tool_decisions_by_session ON tool_decisions (session_id, id);
CREATE INDEX leftovers_kept ON leftovers (found_at) WHERE gone_at IS NULL;
CREATE UNIQUE INDEX worktrees_one_name ON worktrees (repository, name) WHERE removed_at IS NULL;
PRAGMA application_id=1212239945;
PRAGMA user_version=3;
COMMIT;
