public enum SessionOrigin: String, Sendable {
    case runner
    case terminal
}

/// Through which door a request came.
public enum RequestSource: String, Sendable {
    case hub, http, cli
}

/// The phases of a launch; see `migrations/m0001_initial.sql`.
public enum LaunchPhase: String, Sendable {
    case requested, claimed, launched, withdrawn
}

/// The process side of a session: who launches it, where, and as which process.
public struct LaunchRecord: Equatable, Sendable {
    public var phase: LaunchPhase
    public var host: HostIdentity
    public var monitor: ProcessIdentity?
    public var process: ProcessIdentity?

    public init(
        phase: LaunchPhase, host: HostIdentity, monitor: ProcessIdentity? = nil,
        process: ProcessIdentity? = nil
    ) {
        self.phase = phase
        self.host = host
        self.monitor = monitor
        self.process = process
    }
}

/// How a session's process ended: recorded by who saw it, or not known.
public enum ExitReason: Equatable, Sendable {
    case exited(code: Int32)
    case signaled(signal: Int32)
    case launchFailed
    /// Gone, and nobody could see how.
    case vanished
}

public struct ExitRecord: Equatable, Sendable {
    public var reason: ExitReason
    public var message: String?
    /// Processes that the session left behind when it ended by itself, where they were counted.
    public var helpers: Int?
    public var at: Timestamp

    public init(_ reason: ExitReason, message: String? = nil, helpers: Int? = nil, at: Timestamp) {
        self.reason = reason
        self.message = message
        self.helpers = helpers
        self.at = at
    }
}

/// One session with its launch and its exit: every stored fact about it.
public struct SessionRecord: Sendable {
    public var id: String
    public var runnerID: Int64?
    public var origin: SessionOrigin
    public var agent: String
    public var directory: String
    /// What the user calls it, or a name derived from its directory. One live session has it.
    public var name: String?
    /// The agent's own id of the conversation, by which the agent resumes it.
    public var nativeID: String?
    /// What the conversation is about.
    public var title: String?
    public var logPath: String?
    public var requestedSessionID: String?
    public var happySessionID: String?
    public var createdAt: Timestamp
    public var reportedAt: Timestamp?
    public var adoptedAt: Timestamp?
    public var stopRequestedAt: Timestamp?
    public var stoppedBy: RequestSource?
    /// When the runner took note of the end; the end itself is `exit`.
    public var endedAt: Timestamp?
    public var launch: LaunchRecord
    public var exit: ExitRecord?

    public init(
        id: String, runnerID: Int64?, origin: SessionOrigin, agent: String, directory: String,
        logPath: String? = nil, requestedSessionID: String? = nil, createdAt: Timestamp, launch: LaunchRecord
    ) {
        self.id = id
        self.runnerID = runnerID
        self.origin = origin
        self.agent = agent
        self.directory = directory
        self.logPath = logPath
        self.requestedSessionID = requestedSessionID
        self.createdAt = createdAt
        self.launch = launch
    }
}

/// One entry of a session's audit.
public struct SessionEvent: Sendable {
    public var at: Timestamp
    public var kind: String
    public var detail: String?
}
