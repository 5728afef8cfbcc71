/// A page of all recorded sessions, and where the next one begins.
package struct SessionPage: Sendable {
    package enum Order: Sendable { case oldestFirst, newestFirst }

    /// The last row of a page. Opaque: pass it back unchanged.
    package struct Place: Sendable {
        fileprivate let sequence: Int64
        fileprivate let createdAt: Int64
        fileprivate let id: String
    }

    package var sessions: [SessionRecord] = []
    /// nil after the last page.
    package var next: Place?
}

extension Reading {
    /// At most `limit` sessions in the order they were recorded, from the beginning or after `place`.
    ///
    /// Read each page of a long history in its own transaction: a transaction as long as its reader takes
    /// would keep the write-ahead log from being checkpointed, and it would grow.
    package func sessions(
        _ order: SessionPage.Order, after place: SessionPage.Place? = nil, limit: Int
    ) throws(StoreError) -> SessionPage {
        let direction = order == .oldestFirst ? "ASC" : "DESC"
        let comparison = order == .oldestFirst ? ">" : "<"
        let range = place == nil ? "" : "WHERE (s.sequence, s.created_at, s.id) \(comparison) (?2, ?3, ?4)"
        var values = [StoreValue(limit)]
        if let place { values += [.integer(place.sequence), .integer(place.createdAt), .text(place.id)] }
        var page = SessionPage()
        var last: SessionPage.Place?
        var count = 0
        try connection.eachRow(
            """
            \(SessionRecord.query) \(range)
            ORDER BY s.sequence \(direction), s.created_at \(direction), s.id \(direction) LIMIT ?1
            """, values
        ) { row in
            count += 1
            if let sequence = row.integer("sequence"), let created = row.integer("created_at"),
                let id = row.text("id")
            {
                last = SessionPage.Place(sequence: sequence, createdAt: created, id: id)
            }
            guard let session = SessionRecord(row: &row) else { return false }
            page.sessions.append(session)
            return true
        }
        page.next = count == limit ? last : nil
        return page
    }
}
