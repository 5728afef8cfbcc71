/// What became of a spawn request.
public enum SpawnOutcomeKind: String, Sendable {
    case pending, started
    /// Answered before its session had reported; the session lives on.
    case late
    case needsApproval = "needs-approval"
    case refused, failed
}

/// What was asked for, and the one answer it got.
public struct SpawnRequestRecord: Sendable {
    public var id: String
    public var source: RequestSource
    public var sessionID: String?
    public var directory: String
    public var agent: String
    public var requestedAt: Timestamp
    public var outcome: SpawnOutcomeKind
    public var error: String?

    public init(
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
