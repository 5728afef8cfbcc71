import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import Synchronization

/// Holds what the running runner's state file says, and writes it out when that changes.
final class StateFileKeeper: Sendable {
    private let home: RunnerHome
    private let content: Mutex<StateFile>

    init(_ content: StateFile, _ home: RunnerHome) {
        self.home = home
        self.content = Mutex(content)
    }

    var logPath: String? { content.withLock(\.runnerLogPath) }

    func write() throws { try content.withLock { try $0.write(home) } }

    func beat(at now: Timestamp) throws {
        try content.withLock { file in
            file.lastHeartbeat = now.iso8601
            try file.write(home)
        }
    }

    func take(sessionPath: String?) throws {
        try content.withLock { file in
            guard file.sessionPath != sessionPath else { return }
            file.sessionPath = sessionPath
            try file.write(home)
        }
    }

    /// The runner goes on with another token: HAPI's programs compare its hash with their own.
    func take(_ identity: RunnerIdentity) throws {
        try content.withLock { file in
            guard file.startedWithCliApiTokenHash != identity.tokenHash else { return }
            file.startedWithCliApiTokenHash = identity.tokenHash
            try file.write(home)
        }
    }
}
