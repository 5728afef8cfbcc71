import Processes

/// Looking up sessions. They are ordered as they were recorded, not by time, because the clock may jump.
extension Reading {
    private static let oldestFirst = "ORDER BY s.sequence, s.created_at, s.id"

    /// The sessions whose end the runner has not recorded yet, oldest first.
    package func liveSessions() throws(StoreError) -> [SessionRecord] {
        try sessions("WHERE s.ended_at IS NULL \(Self.oldestFirst)")
    }

    package func session(_ id: String) throws(StoreError) -> SessionRecord? {
        try sessions("WHERE s.id = ?", [.text(id)]).first
    }

    /// The sessions that `id` refers to: a record id, a HAPI session id, the HAPI session id to resume, or a
    /// name. Live ones first, then the newest.
    package func sessions(named id: String) throws(StoreError) -> [SessionRecord] {
        try sessions(
            """
            WHERE s.id = ?1 OR s.happy_session_id = ?1 OR s.requested_session_id = ?1 OR s.name = ?1
            ORDER BY s.ended_at IS NOT NULL, s.sequence DESC, s.created_at DESC, s.id DESC
            """, [.text(id)])
    }

    /// The sessions whose name or one of whose ids begins with `prefix`, at most `limit` of them.
    package func sessions(beginning prefix: String, limit: Int = 2) throws(StoreError) -> [SessionRecord] {
        // A range uses an index; comparing substrings would not. The upper bound is the prefix with the last
        // Unicode character appended.
        let columns = ["id", "happy_session_id", "requested_session_id", "name"]
        let ranges = columns.map { "(s.\($0) >= ?1 AND s.\($0) < ?2)" }.joined(separator: " OR ")
        return try sessions(
            "WHERE \(ranges) LIMIT ?3", [.text(prefix), .text(prefix + "\u{10FFFF}"), .init(limit)])
    }

    /// The live session that owns the HAPI session `happyID` or was asked to resume it.
    package func liveOwner(of happyID: String) throws(StoreError) -> SessionRecord? {
        try sessions(
            "WHERE s.ended_at IS NULL AND (s.happy_session_id = ?1 OR s.requested_session_id = ?1)",
            [.text(happyID)]
        ).first
    }

    /// The live sessions from a terminal whose process has one of these pids.
    package func liveTerminalSessions(withPIDs pids: [Int32]) throws(StoreError) -> [SessionRecord] {
        let list = pids.map { String($0) }.joined(separator: ", ")
        return try sessions(
            "WHERE s.ended_at IS NULL AND s.started_by = 'terminal' AND l.pid IN (\(list))")
    }

    /// The number of sessions whose end the runner has not recorded yet.
    package func liveCount() throws(StoreError) -> Int {
        try rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") { $0.integer() }.first.map {
            Int($0)
        } ?? 0
    }

    package func events(of id: String) throws(StoreError) -> [SessionEvent] {
        try rows("SELECT at, kind, detail FROM session_events WHERE session_id = ? ORDER BY id", [.text(id)])
        { row in
            guard let at = row.time("at"), let kind = row.text("kind") else { return nil }
            return SessionEvent(at: at, kind: kind, detail: row.text("detail"))
        }
    }

    private func sessions(_ condition: String, _ values: [StoreValue] = []) throws(StoreError)
        -> [SessionRecord]
    {
        try rows("\(SessionRecord.query) \(condition)", values) { SessionRecord(row: &$0) }
    }
}
