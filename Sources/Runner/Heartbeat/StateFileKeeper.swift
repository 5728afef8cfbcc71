import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import Synchronization

/// Holds the contents of the running runner's state file and writes the file when they change.
final class StateFileKeeper: Sendable {
    private let home: RunnerHome
    private let content: Mutex<StateFile>

    init(_ content: StateFile, _ home: RunnerHome) {
        self.home = home
        self.content = Mutex(content)
    }

    var logPath: String? { content.withLock(\.runnerLogPath) }

    func write() throws { try content.withLock { try $0.write(home) } }

    func beat(at now: Timestamp) async throws {
        try await change { file in
            file.lastHeartbeat = now.iso8601
            return true
        }
    }

    func take(sessionPath: String?) async throws {
        try await change { file in
            guard file.sessionPath != sessionPath else { return false }
            file.sessionPath = sessionPath
            return true
        }
    }

    /// Records that the runner now uses another token; HAPI's programs compare its hash with their own.
    func take(_ identity: RunnerIdentity) async throws {
        try await change { file in
            guard file.startedWithCliApiTokenHash != identity.tokenHash else { return false }
            file.startedWithCliApiTokenHash = identity.tokenHash
            return true
        }
    }

    /// Writes the file if `body` returns true. On a separate thread, because the write is flushed.
    private func change(_ body: @escaping @Sendable (inout StateFile) -> Bool) async throws {
        let written = await BlockingWork.run {
            Result { try self.content.withLock { file in if body(&file) { try file.write(self.home) } } }
        }
        try written?.get()
    }
}
