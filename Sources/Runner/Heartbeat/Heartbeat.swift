import Logging
import RunnerStore

/// The runner's pulse: a row in the store and a fresh state file, one beat after the other.
struct Heartbeat: Sendable {
    /// How long heartbeats are kept.
    static let retention: Int64 = 30 * 86_400_000

    let interval: Duration
    let store: Store
    let runnerID: Int64
    let home: RunnerHome
    let supervisor: SessionSupervisor
    let stateFile: StateFile
    let logger: Logger

    /// Beats until cancelled.
    func run() async {
        var stateFile = stateFile
        while (try? await Task.sleep(for: interval)) != nil {
            do {
                let now = Timestamp.now
                try await beat(at: now)
                stateFile.lastHeartbeat = now.iso8601
                try stateFile.write(home)
            } catch {
                logger.error("a heartbeat could not be recorded", metadata: ["error": "\(error)"])
            }
        }
    }

    private func beat(at now: Timestamp) async throws {
        let record = HeartbeatRecord(
            liveSessions: try await supervisor.liveCount(), pruned: 0,
            residentBytes: MachineHealthMeter.residentBytes(), load1m: MachineHealthMeter.loadAverage())
        let oldest = Timestamp(milliseconds: now.milliseconds - Self.retention)
        try await store.write { connection throws(StoreError) in
            try connection.recordHeartbeat(record, of: runnerID, at: now, keepingSince: oldest)
        }
    }
}
