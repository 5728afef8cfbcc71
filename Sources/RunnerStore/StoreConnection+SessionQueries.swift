/// Looking sessions up. Their order is that of their first events, which is the order they were
/// recorded in, whatever the clock said.
extension StoreConnection {
    private static let begun = "(SELECT min(e.id) FROM session_events e WHERE e.session_id = s.id)"
    private static let oldestFirst = "ORDER BY \(begun), s.created_at, s.id"

    /// The sessions whose end the runner has not noted yet, oldest first.
    public func liveSessions() throws(StoreError) -> [SessionRecord] {
        try sessions("WHERE s.ended_at IS NULL \(Self.oldestFirst)")
    }

    /// Every session on record, oldest first.
    public func allSessions() throws(StoreError) -> [SessionRecord] {
        try sessions(Self.oldestFirst)
    }

    /// The last `limit` sessions, newest first.
    public func newestSessions(limit: Int) throws(StoreError) -> [SessionRecord] {
        try sessions(
            """
            WHERE s.id IN (SELECT session_id FROM session_events WHERE kind IN ('requested', 'started')
                           ORDER BY id DESC LIMIT ?)
            ORDER BY \(Self.begun) DESC
            """, [.init(limit)])
    }

    public func session(_ id: String) throws(StoreError) -> SessionRecord? {
        try sessions("WHERE s.id = ?", [.text(id)]).first
    }

    /// The sessions that `id` names: a record id, a HAPI session id, or the HAPI session id that
    /// was asked for. Live ones first, then the newest.
    public func sessions(named id: String) throws(StoreError) -> [SessionRecord] {
        try sessions(
            """
            WHERE s.id = ?1 OR s.happy_session_id = ?1 OR s.requested_session_id = ?1
            ORDER BY s.ended_at IS NOT NULL, \(Self.begun) DESC
            """, [.text(id)])
    }

    /// The sessions one of whose ids begins with `prefix`, at most two of them.
    public func sessions(beginning prefix: String) throws(StoreError) -> [SessionRecord] {
        try sessions(
            """
            WHERE substr(s.id, 1, length(?1)) = ?1 OR substr(s.happy_session_id, 1, length(?1)) = ?1
            OR substr(s.requested_session_id, 1, length(?1)) = ?1 LIMIT 2
            """, [.text(prefix)])
    }

    /// The live session that owns the HAPI session `happyID`, or was asked to take it up.
    public func liveOwner(of happyID: String) throws(StoreError) -> SessionRecord? {
        try sessions(
            "WHERE s.ended_at IS NULL AND (s.happy_session_id = ?1 OR s.requested_session_id = ?1)",
            [.text(happyID)]
        ).first
    }

    public func events(of id: String) throws(StoreError) -> [SessionEvent] {
        try rows("SELECT at, kind, detail FROM session_events WHERE session_id = ? ORDER BY id", [.text(id)])
        { row in
            guard let at = row.time(), let kind = row.text() else { return nil }
            return SessionEvent(at: at, kind: kind, detail: row.text())
        }
    }

    private func sessions(_ condition: String, _ values: [StoreValue] = []) throws(StoreError)
        -> [SessionRecord]
    {
        try rows("\(SessionRecord.query) \(condition)", values) { SessionRecord(row: &$0) }
    }
}
