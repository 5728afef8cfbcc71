/// What the hub is told about a session (hub contract §7.2).
public struct SessionMetadata: Codable, Equatable, Sendable {
    public var path: String
    public var host: String
    public var version: String?
    public var os: String?
    public var machineId: String?
    public var homeDir: String?
    public var happyHomeDir: String?
    public var happyLibDir: String?
    public var startedFromRunner: Bool?
    /// The session process itself.
    public var hostPid: Int32?
    public var startedBy: String?
    public var lifecycleState: String?
    /// In milliseconds since 1970.
    public var lifecycleStateSince: Int64?
    public var flavor: String?
    public var startingMode: String?

    public init(path: String, host: String) {
        self.path = path
        self.host = host
    }
}

/// The body of `POST /cli/sessions`.
public struct SessionRegistration: Encodable, Sendable {
    /// Chosen by the session, so that it has one before the hub is there.
    public var id: String
    public var tag: String
    public var metadata: SessionMetadata
    public var agentState: JSONValue
    public var model: String?
    public var modelReasoningEffort: String?
    public var effort: String?

    public init(id: String, tag: String, metadata: SessionMetadata, agentState: JSONValue) {
        self.id = id
        self.tag = tag
        self.metadata = metadata
        self.agentState = agentState
    }
}

/// A session as the hub has it; what we do not own is kept unread.
public struct Session: Decodable, Sendable {
    public var id: String
    public var metadata: JSONValue?
    public var metadataVersion: Int
    public var agentStateVersion: Int
}

/// The answer to `POST /cli/sessions` and `GET /cli/sessions/:id`.
public struct SessionAnswer: Decodable, Sendable {
    public var session: Session
}

/// `session-alive`.
public struct SessionAlive: Encodable, Sendable {
    public var sid: String
    public var time: Int64
    public var thinking: Bool
    public var mode: String?

    public init(sid: String, time: Int64, thinking: Bool, mode: String?) {
        self.sid = sid
        self.time = time
        self.thinking = thinking
        self.mode = mode
    }
}

/// `session-end`.
public struct SessionEnd: Encodable, Sendable {
    public var sid: String
    public var time: Int64
    /// `completed`, `terminated` or `error`.
    public var reason: String

    public init(sid: String, time: Int64, reason: String) {
        self.sid = sid
        self.time = time
        self.reason = reason
    }
}

/// `update-metadata`. It replaces the session's metadata as a whole.
public struct SessionMetadataUpdate: Encodable, Sendable {
    public var sid: String
    public var expectedVersion: Int
    public var metadata: JSONValue

    public init(sid: String, expectedVersion: Int, metadata: JSONValue) {
        self.sid = sid
        self.expectedVersion = expectedVersion
        self.metadata = metadata
    }
}
