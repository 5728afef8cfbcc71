import Glibc
import Processes

/// Deleting old records, only on the user's request.
extension StoreConnection {
    /// Deletes the sessions that ended before `date` with all their records, spawn requests that led to no
    /// session, and decisions that answered a single request. Keeps live sessions and those whose worktree
    /// still exists. Returns the number of deleted sessions.
    ///
    /// Deletes in slices. Each is a short transaction, and releases the lock to others before the next. If
    /// interrupted, the finished slices stay deleted, and it can be run again.
    package func forgetSessions(
        before date: Timestamp, progress: (Int) -> Void = { _ in }
    ) throws(StoreError) -> Int {
        // 32 MiB of cache, because the deleted rows are scattered over the file.
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

    /// Calls `forget`, each time in a transaction, until it deletes fewer rows than its limit. Returns the total.
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
            // Rests as long as the slice took, so that a process that polls for the lock finds it free half
            // of the time.
            let rest = max(.milliseconds(5), min(taken, .milliseconds(50)))
            usleep(useconds_t(rest / .microseconds(1)))
        }
    }
}

/// The number of rows to delete in one transaction, adapted so that it takes about 20 ms on this disk.
struct PruningSlice: Equatable {
    var size = 50

    mutating func adapt(to duration: Duration) {
        if duration > .milliseconds(25) { size = max(10, size / 2) }
        if duration < .milliseconds(10) { size = min(5000, size + size / 2) }
    }
}

extension Reading {
    /// Passes to `body` each session that ``StoreConnection/forgetSessions(before:progress:)`` would delete,
    /// the one that ended first coming first.
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
    /// Deletes the first `limit` sessions that ended before `date`; returns how many were deleted.
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

    /// Deletes up to `limit` decisions from before `date` that answered a single request.
    fileprivate func forgetDecisions(before date: Timestamp, limit: Int) throws(StoreError) -> Int {
        try run(
            """
            DELETE FROM directory_decisions WHERE id IN (
                SELECT id FROM directory_decisions
                WHERE standing = 0 AND decision <> 'pending' AND decided_at < ? LIMIT ?)
            """, [.init(date), .init(limit)])
    }
}
