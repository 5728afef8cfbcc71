import FoundationEssentials
import Glibc
import HubClient
import HubProtocol
import Processes
import RunnerStore

/// `runner.state.json`, in which session processes and HAPI's own programs find the runner. Derived from the
/// runner's row, with HAPI's field names (hub contract §1.5).
package struct StateFile: Codable, Sendable {
    package var pid: Int32
    package var httpPort: Int
    package var startTime: String
    package var startedWithCliVersion: String
    package var startedWithCliMtimeMs: Double?
    package var startedWithApiUrl: String?
    package var startedWithMachineId: String?
    package var startedWithCliApiTokenHash: String?
    package var startedWithExtraHeadersHash: String?
    package var startedWithArgv: [String]?
    package var startedWithVersionHandoffDisabled: Bool?
    package var lastHeartbeat: String?
    package var runnerLogPath: String?
    /// The `PATH` of sessions. Our own field; HAPI's programs ignore it.
    package var sessionPath: String?

    package init(
        _ runner: RunnerRecord, port: Int, identity: RunnerIdentity, arguments: [String],
        sessionPath: String? = nil
    ) {
        pid = runner.process.pid
        httpPort = port
        startTime = runner.startedAt.iso8601
        startedWithCliVersion = runner.version
        startedWithCliMtimeMs = runner.programModifiedAt
        startedWithApiUrl = identity.hubURL
        startedWithMachineId = identity.machineID
        startedWithCliApiTokenHash = identity.tokenHash
        startedWithExtraHeadersHash = identity.extraHeadersHash
        startedWithArgv = arguments
        // HAPI's sessions compare this runner's modification time with their own program's; true keeps them
        // from replacing the runner. Not our own setting for renewal.
        startedWithVersionHandoffDisabled = true
        lastHeartbeat = runner.lastHeartbeatAt?.iso8601
        runnerLogPath = runner.logPath
        self.sessionPath = sessionPath
    }

    /// nil if there is no file, or it cannot be parsed.
    package static func read(_ home: RunnerHome) -> StateFile? {
        readFile(home.stateFile).flatMap { try? JSON.decode(StateFile.self, from: $0) }
    }

    package func write(_ home: RunnerHome) throws {
        try replaceFile(home.stateFile, with: JSON.encode(self, pretty: true) + [0x0a])
    }

    /// Removes the file if process `pid` wrote it.
    package static func remove(_ home: RunnerHome, ifOwnedBy pid: Int32) {
        if let state = read(home), state.pid != pid { return }
        unlink(home.stateFile)
    }

    /// Whether the runner in this file has the same hub, token, machine and headers.
    package func matches(_ identity: RunnerIdentity) -> Bool {
        startedWithApiUrl == identity.hubURL && startedWithMachineId == identity.machineID
            && startedWithCliApiTokenHash == identity.tokenHash
            && startedWithExtraHeadersHash == identity.extraHeadersHash
    }
}
