/// The answer to a versioned update (hub contract §4.4).
package struct VersionedUpdateAnswer: Decodable, Sendable {
    package enum Result: String, Decodable, Sendable {
        case success
        case mismatch = "version-mismatch"
        case error
    }

    package var result: Result
    /// The current version.
    package var version: Int?
    package var reason: String?
    /// The current value, in one of two fields.
    package var metadata: JSONValue?
    package var agentState: JSONValue?
}

/// `machine-update-state`.
package struct MachineStateUpdate: Encodable, Sendable {
    package var machineId: String
    package var expectedVersion: Int
    package var runnerState: RunnerState

    package init(machineId: String, expectedVersion: Int, runnerState: RunnerState) {
        self.machineId = machineId
        self.expectedVersion = expectedVersion
        self.runnerState = runnerState
    }
}

/// `machine-update-metadata`. Replaces the hub's whole metadata.
package struct MachineMetadataUpdate: Encodable, Sendable {
    package var machineId: String
    package var expectedVersion: Int
    package var metadata: JSONValue

    package init(machineId: String, expectedVersion: Int, metadata: JSONValue) {
        self.machineId = machineId
        self.expectedVersion = expectedVersion
        self.metadata = metadata
    }
}

/// `machine-alive`.
package struct MachineAlive: Encodable, Sendable {
    package var machineId: String
    /// In milliseconds since 1970.
    package var time: Int64
    package var health: MachineHealth?

    package init(machineId: String, time: Int64, health: MachineHealth?) {
        self.machineId = machineId
        self.time = time
        self.health = health
    }
}
