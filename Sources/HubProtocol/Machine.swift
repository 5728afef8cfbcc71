/// The metadata of a machine at the hub (hub contract §6.10). If one of the three non-optional fields is
/// missing, the hub shows nothing at all.
package struct MachineMetadata: Codable, Equatable, Sendable {
    package var host: String
    package var platform: String
    package var happyCliVersion: String
    package var homeDir: String?
    package var happyHomeDir: String?
    package var happyLibDir: String?
    package var workspaceRoots: [String]?
    package var capabilities: [String]?
    /// In milliseconds since 1970. The hub offers a restart if both are present and differ.
    package var startedCliMtimeMs: Double?
    package var installedCliMtimeMs: Double?
    package var supervisedRestart: Bool?

    package init(host: String, platform: String, happyCliVersion: String) {
        self.host = host
        self.platform = platform
        self.happyCliVersion = happyCliVersion
    }
}

/// The state of the runner at the hub (hub contract §6.9).
package struct RunnerState: Codable, Equatable, Sendable {
    package struct Capabilities: Codable, Equatable, Sendable {
        package var piExistingSessionResume: Bool?

        package init(piExistingSessionResume: Bool?) {
            self.piExistingSessionResume = piExistingSessionResume
        }
    }

    package struct SpawnError: Codable, Equatable, Sendable {
        package var message: String
        package var pid: Int32?
        package var exitCode: Int32?
        package var signal: String?
        /// In milliseconds since 1970.
        package var at: Int64

        package init(message: String, pid: Int32?, exitCode: Int32?, signal: String?, at: Int64) {
            self.message = message
            self.pid = pid
            self.exitCode = exitCode
            self.signal = signal
            self.at = at
        }
    }

    package var status: String
    package var pid: Int32?
    package var httpPort: Int?
    /// In milliseconds since 1970, like all times here.
    package var startedAt: Int64?
    package var capabilities: Capabilities?
    package var shutdownRequestedAt: Int64?
    package var shutdownSource: String?
    package var lastSpawnError: SpawnError?

    package init(status: String, pid: Int32?, httpPort: Int?, startedAt: Int64?, capabilities: Capabilities?)
    {
        self.status = status
        self.pid = pid
        self.httpPort = httpPort
        self.startedAt = startedAt
        self.capabilities = capabilities
    }
}

/// The health of the machine (hub contract §4.7). The hub rejects unknown keys here.
package struct MachineHealth: Codable, Equatable, Sendable {
    /// In milliseconds since 1970.
    package var collectedAt: Int64
    package var cpuCount: Int?
    package var load1m: Double?
    /// 0 to 100, like `memoryPercent`.
    package var cpuPercent: Int?
    package var memoryPercent: Int?
    package var uptimeSeconds: Int?

    package init(collectedAt: Int64) { self.collectedAt = collectedAt }
}

/// The body of `POST /cli/machines`; for a session process `runnerState` is null.
package struct MachineRegistration: Encodable, Sendable {
    package var id: String
    package var metadata: MachineMetadata
    package var runnerState: RunnerState?

    package init(id: String, metadata: MachineMetadata, runnerState: RunnerState?) {
        self.id = id
        self.metadata = metadata
        self.runnerState = runnerState
    }

    private enum CodingKeys: CodingKey { case id, metadata, runnerState }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(metadata, forKey: .metadata)
        try container.encode(runnerState, forKey: .runnerState)
    }
}

/// A machine at the hub; fields that are not ours are kept uninterpreted.
package struct Machine: Decodable, Sendable {
    package var metadata: JSONValue?
    package var metadataVersion: Int
    package var runnerStateVersion: Int
}

/// The answer to `POST /cli/machines`.
package struct MachineAnswer: Decodable, Sendable {
    package var machine: Machine
}
