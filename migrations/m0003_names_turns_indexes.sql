-- What a session is called and what was said in it, what it left behind, and an index for every look
-- that must not cost more as the history grows.

-- `name` is the user's word for a session, or one derived from its directory. `native_id` is the agent's
-- own id of the conversation, by which the agent resumes it; `title` is what the conversation is about.
-- `sequence` is the order in which sessions were recorded, whatever the clock said. Rows from before have 0
-- and are in the order of their times: to number a million of them would keep everybody else waiting.
ALTER TABLE sessions ADD COLUMN name TEXT;
ALTER TABLE sessions ADD COLUMN native_id TEXT;
ALTER TABLE sessions ADD COLUMN title TEXT;
ALTER TABLE sessions ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;

CREATE INDEX sessions_by_sequence ON sessions (sequence, created_at, id);
DROP INDEX sessions_live;
CREATE INDEX sessions_live ON sessions (sequence, created_at, id) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_end ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX sessions_by_requested_id ON sessions (requested_session_id)
    WHERE requested_session_id IS NOT NULL;
CREATE INDEX sessions_by_name ON sessions (name) WHERE name IS NOT NULL;
-- A name means one live session.
CREATE UNIQUE INDEX sessions_one_name ON sessions (name) WHERE ended_at IS NULL AND name IS NOT NULL;

CREATE INDEX spawn_requests_pending ON spawn_requests (requested_at) WHERE outcome = 'pending';
CREATE INDEX spawn_requests_without_session ON spawn_requests (answered_at) WHERE session_id IS NULL;

CREATE INDEX sessions_live_terminal ON sessions (sequence) WHERE ended_at IS NULL AND started_by = 'terminal';
CREATE INDEX directory_decisions_standing ON directory_decisions (directory, id) WHERE standing = 1;
CREATE INDEX directory_decisions_pending ON directory_decisions (directory) WHERE decision = 'pending';

-- One row for each turn of a conversation: from the prompt until the agent has done with it. `lost`: its
-- process ended before the turn did.
CREATE TABLE turns (
    id         INTEGER PRIMARY KEY,
    session_id TEXT    NOT NULL REFERENCES sessions (id),
    began_at   INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT    CHECK (outcome IN ('completed', 'failed', 'aborted', 'lost')),
    detail     TEXT,
    CHECK ((ended_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE INDEX turns_by_session ON turns (session_id, id);

-- What an agent asked leave for, and who decided. `request_id` is the agent's; it may use one again.
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
CREATE INDEX tool_decisions_by_session ON tool_decisions (session_id, id);

-- A process that outlived its session, on the session's host.
CREATE TABLE leftovers (
    session_id TEXT    NOT NULL REFERENCES sessions (id),
    pid        INTEGER NOT NULL CHECK (pid > 0),
    start      INTEGER NOT NULL,
    command    TEXT    NOT NULL,
    found_at   INTEGER NOT NULL,
    gone_at    INTEGER,
    PRIMARY KEY (session_id, pid, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX leftovers_kept ON leftovers (found_at) WHERE gone_at IS NULL;

-- A worktree's name is one session's from the moment it is decided. Where earlier versions recorded two
-- under one name, the newer row keeps it; nothing on the disk changes.
UPDATE worktrees SET removed_at = created_at
WHERE removed_at IS NULL AND EXISTS (
    SELECT 1 FROM worktrees newer
    WHERE newer.repository = worktrees.repository AND newer.name = worktrees.name
      AND newer.removed_at IS NULL
      AND (newer.created_at, newer.session_id) > (worktrees.created_at, worktrees.session_id));
CREATE UNIQUE INDEX worktrees_one_name ON worktrees (repository, name) WHERE removed_at IS NULL;

-- How far a request is that takes its time, in words: what git last said of a checkout.
ALTER TABLE spawn_requests ADD COLUMN progress TEXT;
