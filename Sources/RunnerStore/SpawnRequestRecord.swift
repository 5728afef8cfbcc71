import Processes

/// The outcome of a spawn request.
package enum SpawnOutcomeKind: String, Sendable {
    case pending, started
    /// Answered before the session had reported; the session keeps running.
    case late
    case needsApproval = "needs-approval"
    case refused, failed
}

/// A spawn request and its answer.
package struct SpawnRequestRecord: Sendable {
    package var id: String
    package var source: RequestSource
    package var sessionID: String?
    package var directory: String
    package var agent: String
    package var requestedAt: Timestamp
    package var outcome: SpawnOutcomeKind
    package var error: String?
    /// The current step of a slow request that is not answered yet.
    package var progress: String?

    package init(
        id: String, source: RequestSource, sessionID: String?, directory: String, agent: String,
        requestedAt: Timestamp, outcome: SpawnOutcomeKind = .pending, error: String? = nil
    ) {
        self.id = id
        self.source = source
        self.sessionID = sessionID
        self.directory = directory
        self.agent = agent
        self.requestedAt = requestedAt
        self.outcome = outcome
        self.error = error
    }
}
