import Processes

/// What became of a spawn request.
package enum SpawnOutcomeKind: String, Sendable {
    case pending, started
    /// Answered before its session had reported; the session lives on.
    case late
    case needsApproval = "needs-approval"
    case refused, failed
}

/// What was asked for, and the one answer it got.
package struct SpawnRequestRecord: Sendable {
    package var id: String
    package var source: RequestSource
    package var sessionID: String?
    package var directory: String
    package var agent: String
    package var requestedAt: Timestamp
    package var outcome: SpawnOutcomeKind
    package var error: String?
    /// How far it is, where it takes its time and is not answered yet.
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
