/// What the hub is told about a machine (hub contract §6.10). The three that are not optional make
/// the hub show nothing at all if they are missing.
public struct MachineMetadata: Codable, Equatable, Sendable {
    public var host: String
    public var platform: String
    public var happyCliVersion: String
    public var homeDir: String?
    public var happyHomeDir: String?
    public var happyLibDir: String?
    public var workspaceRoots: [String]?
    public var capabilities: [String]?
    /// In milliseconds since 1970. The hub offers a restart where the two are there and differ.
    public var startedCliMtimeMs: Double?
    public var installedCliMtimeMs: Double?
    public var supervisedRestart: Bool?

    public init(host: String, platform: String, happyCliVersion: String) {
        self.host = host
        self.platform = platform
        self.happyCliVersion = happyCliVersion
    }
}

/// What the hub is told about the runner (hub contract §6.9).
public struct RunnerState: Codable, Equatable, Sendable {
    public struct Capabilities: Codable, Equatable, Sendable {
        public var piExistingSessionResume: Bool?

        public init(piExistingSessionResume: Bool?) { self.piExistingSessionResume = piExistingSessionResume }
    }

    public struct SpawnError: Codable, Equatable, Sendable {
        public var message: String
        public var pid: Int32?
        public var exitCode: Int32?
        public var signal: String?
        /// In milliseconds since 1970.
        public var at: Int64

        public init(message: String, pid: Int32?, exitCode: Int32?, signal: String?, at: Int64) {
            self.message = message
            self.pid = pid
            self.exitCode = exitCode
            self.signal = signal
            self.at = at
        }
    }

    public var status: String
    public var pid: Int32?
    public var httpPort: Int?
    /// In milliseconds since 1970, as all times here.
    public var startedAt: Int64?
    public var capabilities: Capabilities?
    public var shutdownRequestedAt: Int64?
    public var shutdownSource: String?
    public var lastSpawnError: SpawnError?

    public init(status: String, pid: Int32?, httpPort: Int?, startedAt: Int64?, capabilities: Capabilities?) {
        self.status = status
        self.pid = pid
        self.httpPort = httpPort
        self.startedAt = startedAt
        self.capabilities = capabilities
    }
}

/// How the machine is doing (hub contract §4.7). The hub refuses unknown keys here.
public struct MachineHealth: Codable, Equatable, Sendable {
    /// In milliseconds since 1970.
    public var collectedAt: Int64
    public var cpuCount: Int?
    public var load1m: Double?
    /// 0 to 100, as is `memoryPercent`.
    public var cpuPercent: Int?
    public var memoryPercent: Int?
    public var uptimeSeconds: Int?

    public init(collectedAt: Int64) { self.collectedAt = collectedAt }
}

/// The body of `POST /cli/machines`; for a session process `runnerState` is null.
public struct MachineRegistration: Encodable, Sendable {
    public var id: String
    public var metadata: MachineMetadata
    public var runnerState: RunnerState?

    public init(id: String, metadata: MachineMetadata, runnerState: RunnerState?) {
        self.id = id
        self.metadata = metadata
        self.runnerState = runnerState
    }

    private enum CodingKeys: CodingKey { case id, metadata, runnerState }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(metadata, forKey: .metadata)
        try container.encode(runnerState, forKey: .runnerState)
    }
}

/// A machine as the hub has it; what we do not own is kept unread.
public struct Machine: Decodable, Sendable {
    public var metadata: JSONValue?
    public var metadataVersion: Int
    public var runnerStateVersion: Int
}

/// The answer to `POST /cli/machines`.
public struct MachineAnswer: Decodable, Sendable {
    public var machine: Machine
}
