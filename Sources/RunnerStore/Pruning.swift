import Glibc
import Processes

/// Forgetting, on the user's word alone.
extension StoreConnection {
    /// Deletes ended sessions of before `date` with all that is recorded of them, spawn requests that
    /// led to none, and decisions that answered one request. Returns how many sessions. What lives, or
    /// has a worktree that was not removed, stays.
    ///
    /// It goes in slices, each a transaction that holds the lock for a moment and leaves it to others
    /// before the next; whoever breaks it off has forgotten a part, and may go on another time.
    package func forgetSessions(
        before date: Timestamp, progress: (Int) -> Void = { _ in }
    ) throws(StoreError) -> Int {
        // What is deleted lies all over the file: so much of it is kept in memory.
        try execute("PRAGMA cache_size = -32768")
        _ = try inSlices { writing, limit throws(StoreError) in
            try writing.forgetRequests(before: date, limit: limit)
        }
        _ = try inSlices { writing, limit throws(StoreError) in
            try writing.forgetDecisions(before: date, limit: limit)
        }
        return try inSlices(progress) { writing, limit throws(StoreError) in
            try writing.forgetSessions(before: date, limit: limit)
        }
    }

    /// Calls `forget` in a transaction each until it finds fewer than it may; returns how many it found in all.
    private func inSlices(
        _ progress: (Int) -> Void = { _ in },
        _ forget: (Writing, _ limit: Int) throws(StoreError) -> Int
    ) throws(StoreError) -> Int {
        var (count, slice) = (0, PruningSlice())
        while true {
            let start = ContinuousClock.now
            let forgotten = try write { writing throws(StoreError) in try forget(writing, slice.size) }
            count += forgotten
            if forgotten < slice.size { return count }
            let taken = start.duration(to: .now)
            slice.adapt(to: taken)
            progress(count)
            // As long for the others: who looks for the lock now and then must not find it taken every time.
            let rest = max(.milliseconds(5), min(taken, .milliseconds(50)))
            usleep(useconds_t(rest / .microseconds(1)))
        }
    }
}

/// How many rows are forgotten in one transaction: so many as take some 20 ms on this disk.
struct PruningSlice: Equatable {
    var size = 50

    mutating func adapt(to duration: Duration) {
        if duration > .milliseconds(25) { size = max(10, size / 2) }
        if duration < .milliseconds(10) { size = min(5000, size + size / 2) }
    }
}

extension Reading {
    /// Hands out what ``StoreConnection/forgetSessions(before:progress:)`` would delete, one session at a time,
    /// the longest ended first.
    package func eachForgettableSession(
        before date: Timestamp, _ body: (SessionRecord) -> Void
    ) throws(StoreError) {
        try connection.eachRow(
            """
            \(SessionRecord.query) WHERE s.ended_at < ?1
            AND NOT EXISTS (SELECT 1 FROM worktrees w WHERE w.session_id = s.id AND w.removed_at IS NULL)
            ORDER BY s.ended_at
            """, [StoreValue(date)]
        ) { row in
            guard let session = SessionRecord(row: &row) else { return false }
            body(session)
            return true
        }
    }
}

extension Writing {
    /// Deletes the first `limit` of the sessions that ended before `date`; returns how many there were.
    func forgetSessions(before date: Timestamp, limit: Int) throws(StoreError) -> Int {
        let old = """
            SELECT id FROM sessions WHERE ended_at < ?1
            AND NOT EXISTS (SELECT 1 FROM worktrees w WHERE w.session_id = sessions.id AND removed_at IS NULL)
            ORDER BY ended_at LIMIT ?2
            """
        let values = [StoreValue(date), .init(limit)]
        try run("CREATE TEMP TABLE IF NOT EXISTS forgotten (id TEXT NOT NULL)")
        try run("DELETE FROM forgotten")
        try run("INSERT INTO forgotten \(old)", values)
        for table in [
            "worktrees", "session_events", "spawn_requests", "turns", "tool_decisions", "leftovers",
        ] {
            try run("DELETE FROM \(table) WHERE session_id IN (SELECT id FROM forgotten)")
        }
        try run("DELETE FROM exits WHERE launch_id IN (SELECT id FROM forgotten)")
        try run("DELETE FROM launches WHERE id IN (SELECT id FROM forgotten)")
        return try run("DELETE FROM sessions WHERE id IN (SELECT id FROM forgotten)")
    }

    /// Deletes up to `limit` requests that were answered before `date` and led to no session.
    fileprivate func forgetRequests(before date: Timestamp, limit: Int) throws(StoreError) -> Int {
        try run(
            """
            DELETE FROM spawn_requests WHERE id IN (
                SELECT id FROM spawn_requests INDEXED BY spawn_requests_without_session
                WHERE session_id IS NULL AND answered_at < ? LIMIT ?)
            """, [.init(date), .init(limit)])
    }

    /// Deletes up to `limit` decisions of before `date` that answered one request.
    fileprivate func forgetDecisions(before date: Timestamp, limit: Int) throws(StoreError) -> Int {
        try run(
            """
            DELETE FROM directory_decisions WHERE id IN (
                SELECT id FROM directory_decisions
                WHERE standing = 0 AND decision <> 'pending' AND decided_at < ? LIMIT ?)
            """, [.init(date), .init(limit)])
    }
}
