import Processes

/// Spawn requests; the writing functions to be called inside a transaction.
extension StoreConnection {
    /// Writes a request. Throws `.constraint` if its id was used before.
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

    /// Records the answer; the first one stands.
    package func answerSpawnRequest(
        _ id: String, _ outcome: SpawnOutcomeKind, error: String?, at now: Timestamp
    ) throws(StoreError) {
        try run(
            "UPDATE spawn_requests SET outcome = ?, error = ?, answered_at = ? WHERE id = ? AND outcome = 'pending'",
            [.init(outcome), .init(error), .init(now), .text(id)])
    }

    package func spawnRequest(_ id: String) throws(StoreError) -> SpawnRequestRecord? {
        try spawnRequests("WHERE id = ?", [.text(id)]).first
    }

    /// The requests nobody has answered, oldest first.
    package func pendingSpawnRequests() throws(StoreError) -> [SpawnRequestRecord] {
        try spawnRequests("WHERE outcome = 'pending' ORDER BY requested_at")
    }

    /// The request that made the session, if one did.
    package func spawnRequest(ofSession id: String) throws(StoreError) -> SpawnRequestRecord? {
        try spawnRequests("WHERE session_id = ? ORDER BY requested_at LIMIT 1", [.text(id)]).first
    }

    private func spawnRequests(
        _ condition: String, _ values: [StoreValue] = []
    ) throws(StoreError) -> [SpawnRequestRecord] {
        try rows(
            "SELECT id, source, session_id, directory, agent, requested_at, outcome, error FROM spawn_requests \(condition)",
            values
        ) { row in
            let (id, source, session) = (row.text(), row.text().flatMap(RequestSource.init), row.text())
            let (directory, agent, requestedAt) = (row.text(), row.text(), row.time())
            let (outcome, error) = (row.text().flatMap(SpawnOutcomeKind.init), row.text())
            guard let id, let source, let directory, let agent, let requestedAt, let outcome else {
                return nil
            }
            return SpawnRequestRecord(
                id: id, source: source, sessionID: session, directory: directory, agent: agent,
                requestedAt: requestedAt, outcome: outcome, error: error)
        }
    }
}
