import Processes

/// The state of the runner's hub connection.
package enum HubState: String, Codable, Sendable {
    case connected, connecting, unauthorized
    /// No hub is configured.
    case disabled
}

/// Why a life of the runner ended.
package enum RunnerEndReason: String, Sendable {
    case cli = "hapi-cli"
    case app = "hapi-app"
    case signal = "os-signal"
    case exception
    case replaced
    case crashed
}

/// One life of the daemon.
package struct RunnerRecord: Sendable {
    package var id: Int64 = 0
    package var process: ProcessIdentity
    package var host: HostIdentity
    package var version: String
    /// Modification time of the program file, in milliseconds since 1970, with fraction.
    package var programModifiedAt: Double?
    package var httpPort: Int?
    package var hubURL: String?
    package var hubState: HubState
    package var hubDetail: String?
    package var machineID: String?
    package var logPath: String
    package var startedAt: Timestamp
    package var lastHeartbeatAt: Timestamp?
    package var stoppingAt: Timestamp?
    package var endedAt: Timestamp?
    package var endReason: RunnerEndReason?
    package var endDetail: String?
    /// A message that `status` shows to users while the runner is running.
    package var notice: String?

    package init(
        process: ProcessIdentity, host: HostIdentity, version: String, programModifiedAt: Double?,
        hubURL: String?, hubState: HubState, machineID: String?, logPath: String, startedAt: Timestamp
    ) {
        self.process = process
        self.host = host
        self.version = version
        self.programModifiedAt = programModifiedAt
        self.hubURL = hubURL
        self.hubState = hubState
        self.machineID = machineID
        self.logPath = logPath
        self.startedAt = startedAt
    }
}

/// The measurements of one heartbeat.
package struct HeartbeatRecord: Sendable {
    package var liveSessions: Int
    package var pruned: Int
    /// Resident memory of the daemon, in bytes.
    package var residentBytes: Int?
    package var load1m: Double?
    /// How long the machine has been suspended since boot, in milliseconds.
    package var suspended: Int64?

    package init(liveSessions: Int, pruned: Int, residentBytes: Int?, load1m: Double?, suspended: Int64?) {
        self.liveSessions = liveSessions
        self.pruned = pruned
        self.residentBytes = residentBytes
        self.load1m = load1m
        self.suspended = suspended
    }
}
