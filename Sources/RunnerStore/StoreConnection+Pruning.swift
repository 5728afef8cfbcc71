import Processes

/// Forgetting, on the user's word alone.
extension StoreConnection {
    /// Deletes ended sessions of before `date` with all that is recorded of them, spawn requests that
    /// led to none, and decisions that answered one request. Returns how many sessions. What lives, or
    /// has a worktree that was not removed, stays.
    package func forgetSessions(before date: Timestamp) throws(StoreError) -> Int {
        let old = """
            SELECT id FROM sessions WHERE ended_at IS NOT NULL AND ended_at < ?1
            AND id NOT IN (SELECT session_id FROM worktrees WHERE removed_at IS NULL)
            """
        let values = [StoreValue(date)]
        try run("DELETE FROM worktrees WHERE session_id IN (\(old))", values)
        try run("DELETE FROM session_events WHERE session_id IN (\(old))", values)
        try run("DELETE FROM spawn_requests WHERE session_id IN (\(old))", values)
        try run("DELETE FROM spawn_requests WHERE session_id IS NULL AND answered_at < ?1", values)
        try run(
            "DELETE FROM directory_decisions WHERE standing = 0 AND decision <> 'pending' AND decided_at < ?1",
            values)
        try run("DELETE FROM exits WHERE launch_id IN (\(old))", values)
        try run("DELETE FROM launches WHERE id IN (\(old))", values)
        return try run("DELETE FROM sessions WHERE id IN (\(old))", values)
    }
}
