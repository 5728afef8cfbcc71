-- What a runner's whole life needs: why it was away, which directories were decided for good, which
-- worktrees it made.

-- How long the machine has been asleep since it was booted: where it grows, the machine slept.
ALTER TABLE heartbeats ADD COLUMN suspended_ms INTEGER;

-- Each change of how the runner stands with its hub. Kept as long as the heartbeats.
CREATE TABLE hub_changes (
    runner_id INTEGER NOT NULL REFERENCES runners (id),
    at        INTEGER NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('connected', 'connecting', 'unauthorized', 'disabled')),
    detail    TEXT
) STRICT;
CREATE INDEX hub_changes_by_time ON hub_changes (at);

-- What users should know about the running runner: a renewal that failed, a store it cannot write.
ALTER TABLE runners ADD COLUMN notice TEXT;

-- A standing decision holds for its directory and all below it; the others answered one request.
ALTER TABLE directory_decisions ADD COLUMN standing INTEGER NOT NULL DEFAULT 0 CHECK (standing IN (0, 1));

-- A git worktree made for a session. `directory` is where in it the session works.
CREATE TABLE worktrees (
    session_id     TEXT    NOT NULL PRIMARY KEY REFERENCES sessions (id),
    repository     TEXT    NOT NULL,
    path           TEXT    NOT NULL,
    branch         TEXT    NOT NULL,
    name           TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    removed_at     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX worktrees_kept ON worktrees (path) WHERE removed_at IS NULL;
