/// How the runner stands with its hub.
public enum HubState: String, Codable, Sendable {
    case connected, connecting, unauthorized
    /// No hub is configured.
    case disabled
}

/// Why a life of the runner ended.
public enum RunnerEndReason: String, Sendable {
    case cli = "hapi-cli"
    case app = "hapi-app"
    case signal = "os-signal"
    case exception
    case replaced
    case crashed
}

/// One life of the daemon.
public struct RunnerRecord: Sendable {
    public var id: Int64 = 0
    public var process: ProcessIdentity
    public var host: HostIdentity
    public var version: String
    /// Modification time of the program file, in milliseconds since 1970, with its fraction.
    public var programModifiedAt: Double?
    public var httpPort: Int?
    public var hubURL: String?
    public var hubState: HubState
    public var hubDetail: String?
    public var machineID: String?
    public var logPath: String
    public var startedAt: Timestamp
    public var lastHeartbeatAt: Timestamp?
    public var stoppingAt: Timestamp?
    public var endedAt: Timestamp?
    public var endReason: RunnerEndReason?
    public var endDetail: String?
    /// What users should know about it while it runs.
    public var notice: String?

    public init(
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

/// What one heartbeat saw.
public struct HeartbeatRecord: Sendable {
    public var liveSessions: Int
    public var pruned: Int
    /// Resident memory of the daemon, in bytes.
    public var residentBytes: Int?
    public var load1m: Double?
    /// How long the machine has slept since it was booted, in milliseconds.
    public var suspended: Int64?

    public init(liveSessions: Int, pruned: Int, residentBytes: Int?, load1m: Double?, suspended: Int64?) {
        self.liveSessions = liveSessions
        self.pruned = pruned
        self.residentBytes = residentBytes
        self.load1m = load1m
        self.suspended = suspended
    }
}
