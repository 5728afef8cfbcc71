/// The answer to a versioned update (hub contract §4.4).
public struct VersionedUpdateAnswer: Decodable, Sendable {
    public enum Result: String, Decodable, Sendable {
        case success
        case mismatch = "version-mismatch"
        case error
    }

    public var result: Result
    /// The version that stands now.
    public var version: Int?
    public var reason: String?
    /// The value that stands now, under whichever name it has.
    public var metadata: JSONValue?
    public var agentState: JSONValue?
}

/// `machine-update-state`.
public struct MachineStateUpdate: Encodable, Sendable {
    public var machineId: String
    public var expectedVersion: Int
    public var runnerState: RunnerState

    public init(machineId: String, expectedVersion: Int, runnerState: RunnerState) {
        self.machineId = machineId
        self.expectedVersion = expectedVersion
        self.runnerState = runnerState
    }
}

/// `machine-update-metadata`. It replaces the hub's metadata as a whole.
public struct MachineMetadataUpdate: Encodable, Sendable {
    public var machineId: String
    public var expectedVersion: Int
    public var metadata: JSONValue

    public init(machineId: String, expectedVersion: Int, metadata: JSONValue) {
        self.machineId = machineId
        self.expectedVersion = expectedVersion
        self.metadata = metadata
    }
}

/// `machine-alive`.
public struct MachineAlive: Encodable, Sendable {
    public var machineId: String
    /// In milliseconds since 1970.
    public var time: Int64
    public var health: MachineHealth?

    public init(machineId: String, time: Int64, health: MachineHealth?) {
        self.machineId = machineId
        self.time = time
        self.health = health
    }
}
