import Processes

package enum SessionOrigin: String, Sendable {
    case runner
    case terminal
}

/// Where a request came from.
package enum RequestSource: String, Sendable {
    case hub, http, cli
}

/// The phases of a launch; see `migrations/m0001_initial.sql`.
package enum LaunchPhase: String, Sendable {
    case requested, claimed, launched, withdrawn
}

/// The process side of a session: its phase, host, monitor and process.
package struct LaunchRecord: Equatable, Sendable {
    package var phase: LaunchPhase
    package var host: HostIdentity
    package var monitor: ProcessIdentity?
    package var process: ProcessIdentity?

    package init(
        phase: LaunchPhase, host: HostIdentity, monitor: ProcessIdentity? = nil,
        process: ProcessIdentity? = nil
    ) {
        self.phase = phase
        self.host = host
        self.monitor = monitor
        self.process = process
    }
}

/// How a session's process ended.
package enum ExitReason: Equatable, Sendable {
    case exited(code: Int32)
    case signaled(signal: Int32)
    case launchFailed
    /// The process is gone and its exit was not recorded.
    case vanished
}

package struct ExitRecord: Equatable, Sendable {
    package var reason: ExitReason
    package var message: String?
    /// Number of processes that the session left behind when it ended by itself; nil if not counted.
    package var helpers: Int?
    package var at: Timestamp

    package init(_ reason: ExitReason, message: String? = nil, helpers: Int? = nil, at: Timestamp) {
        self.reason = reason
        self.message = message
        self.helpers = helpers
        self.at = at
    }
}

/// A session with its launch and its exit: all its stored facts.
package struct SessionRecord: Sendable {
    package var id: String
    package var runnerID: Int64?
    package var origin: SessionOrigin
    package var agent: String
    package var directory: String
    /// The user's name for it, or one derived from its directory. Unique among live sessions.
    package var name: String?
    /// The agent's own id of the conversation, with which the agent resumes it.
    package var nativeID: String?
    /// The title of the conversation.
    package var title: String?
    package var logPath: String?
    package var requestedSessionID: String?
    package var happySessionID: String?
    package var createdAt: Timestamp
    package var reportedAt: Timestamp?
    package var adoptedAt: Timestamp?
    package var stopRequestedAt: Timestamp?
    package var stoppedBy: RequestSource?
    /// When the runner recorded the end. The end itself is `exit`.
    package var endedAt: Timestamp?
    package var launch: LaunchRecord
    package var exit: ExitRecord?

    package init(
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

/// An entry of a session's event log.
package struct SessionEvent: Sendable {
    package var at: Timestamp
    package var kind: String
    package var detail: String?
}
