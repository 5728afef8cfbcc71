import Processes

/// Spawn requests.
extension Reading {
    package func spawnRequest(_ id: String) throws(StoreError) -> SpawnRequestRecord? {
        try spawnRequests("WHERE id = ?", [.text(id)]).first
    }

    /// The unanswered requests, oldest first.
    package func pendingSpawnRequests() throws(StoreError) -> [SpawnRequestRecord] {
        try spawnRequests("WHERE outcome = 'pending' ORDER BY requested_at")
    }

    /// The request that created the session, if any.
    package func spawnRequest(ofSession id: String) throws(StoreError) -> SpawnRequestRecord? {
        try spawnRequests(ofSessions: [id])[id]
    }

    /// The requests that created these sessions, by session id.
    package func spawnRequests(
        ofSessions ids: [String]
    ) throws(StoreError) -> [String: SpawnRequestRecord] {
        let places = ids.map { _ in "?" }.joined(separator: ", ")
        let requests = try spawnRequests(
            "WHERE session_id IN (\(places)) ORDER BY requested_at", ids.map(StoreValue.text))
        return Dictionary(requests.map { ($0.sessionID ?? "", $0) }) { first, _ in first }
    }

    private func spawnRequests(
        _ condition: String, _ values: [StoreValue] = []
    ) throws(StoreError) -> [SpawnRequestRecord] {
        try rows(
            """
            SELECT id, source, session_id, directory, agent, requested_at, outcome, error, progress
            FROM spawn_requests \(condition)
            """, values
        ) { row in
            guard let id = row.text("id"), let source = row.text("source").flatMap(RequestSource.init),
                let directory = row.text("directory"), let agent = row.text("agent"),
                let requestedAt = row.time("requested_at"),
                let outcome = row.text("outcome").flatMap(SpawnOutcomeKind.init)
            else { return nil }
            var request = SpawnRequestRecord(
                id: id, source: source, sessionID: row.text("session_id"), directory: directory, agent: agent,
                requestedAt: requestedAt, outcome: outcome, error: row.text("error"))
            request.progress = row.text("progress")
            return request
        }
    }
}

extension Writing {
    /// Inserts a request. Throws `.constraint` if its id was used before.
    package func insertSpawnRequest(_ request: SpawnRequestRecord) throws(StoreError) {
        try run(
            """
            INSERT INTO spawn_requests (id, source, session_id, directory, agent, requested_at, outcome, error,
                                        answered_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(request.id), .init(request.source), .init(request.sessionID), .text(request.directory),
                .text(request.agent), .init(request.requestedAt), .init(request.outcome),
                .init(request.error),
                .init(request.outcome == .pending ? nil : request.requestedAt),
            ])
    }

    /// Records the answer, unless the request has been answered already.
    package func answerSpawnRequest(
        _ id: String, _ outcome: SpawnOutcomeKind, error: String?, at now: Timestamp
    ) throws(StoreError) {
        try run(
            """
            UPDATE spawn_requests SET outcome = ?, error = ?, answered_at = ?, progress = NULL
            WHERE id = ? AND outcome = 'pending'
            """,
            [.init(outcome), .init(error), .init(now), .text(id)])
    }

    /// Records the progress of a request that is not answered yet.
    package func noteProgress(_ words: String, ofSession id: String) throws(StoreError) {
        try run(
            "UPDATE spawn_requests SET progress = ? WHERE session_id = ? AND outcome = 'pending'",
            [.text(words), .text(id)])
    }
}
