import Processes

/// An event with the session it belongs to.
package struct StoreEvent: Sendable {
    /// Increases from one event to the next.
    package let id: Int64
    package let at: Timestamp
    package let sessionID: String
    package let name: String?
    package let agent: String
    package let directory: String
    package let kind: String
    package let detail: String?
}

extension Reading {
    /// The events after the one with this id, oldest first.
    package func events(after id: Int64, since: Timestamp?, limit: Int) throws(StoreError) -> [StoreEvent] {
        try rows(
            """
            SELECT e.id, e.at, e.session_id, s.name, s.agent, s.directory, e.kind, e.detail
            FROM session_events e JOIN sessions s ON s.id = e.session_id
            WHERE e.id > ?1 AND (?2 IS NULL OR e.at >= ?2) ORDER BY e.id LIMIT ?3
            """, [.integer(id), .init(since), .init(limit)]
        ) { row in
            guard let id = row.integer("id"), let at = row.time("at"), let session = row.text("session_id"),
                let agent = row.text("agent"), let directory = row.text("directory"),
                let kind = row.text("kind")
            else { return nil }
            return StoreEvent(
                id: id, at: at, sessionID: session, name: row.text("name"), agent: agent,
                directory: directory, kind: kind, detail: row.text("detail"))
        }
    }

    /// The newest event's id; 0 if there is none.
    package func lastEventID() throws(StoreError) -> Int64 {
        try rows("SELECT coalesce(max(id), 0) FROM session_events") { $0.integer() }.first ?? 0
    }
}
