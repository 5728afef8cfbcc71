import Processes

extension StoreConnection {
    /// What ``forgetSessions(before:)`` would delete, oldest first.
    package func forgettableSessions(before date: Timestamp) throws(StoreError) -> [SessionRecord] {
        try rows(
            """
            \(SessionRecord.query) WHERE s.ended_at IS NOT NULL AND s.ended_at < ?1
            AND s.id NOT IN (SELECT session_id FROM worktrees WHERE removed_at IS NULL)
            ORDER BY s.ended_at
            """, [StoreValue(date)]
        ) { SessionRecord(row: &$0) }
    }
}
