import Home
import HubClient
import HubProtocol
import Logging
import Monitor
import Processes
import RunnerStore

/// This life of the runner, as the store and the hub know it.
extension RunnerDaemon {
    /// Opens this life, and closes those that nobody saw end.
    func begin(_ runner: RunnerRecord, in store: Store) async throws(StoreError) -> Int64 {
        try await store.write { connection throws(StoreError) in
            for earlier in try connection.unendedRunners()
            where Observation.of(earlier.process, at: earlier.host) != .unverifiable {
                // The same process: an earlier image of it, of before a renewal.
                let isOwn = earlier.process == runner.process && earlier.host == runner.host
                try connection.endRunner(
                    earlier.id, isOwn ? .replaced : .crashed,
                    detail: isOwn ? "renewed" : earlier.crashSignal ?? Inheritance.own?.failure,
                    at: isOwn ? runner.startedAt : nil)
            }
            return try connection.beginRunner(runner)
        }
    }

    func end(
        _ runner: RunnerRecord, in store: Store, _ reason: RunnerEndReason, _ detail: String?
    ) async throws(StoreError) {
        try await store.write { connection throws(StoreError) in
            try connection.endRunner(runner.id, reason, detail: detail, at: .now)
        }
    }

    /// Others who start now wait for the end of this one. A renewal is no end to them.
    func markStopping(_ runner: RunnerRecord, in store: Store, _ wish: StopWish) async {
        guard wish != .renew else { return }
        // Only those who wait are served by this: a store that cannot take it must not delay the stop.
        try? await store.write(patience: .seconds(1)) { connection throws(StoreError) in
            try connection.markStopping(runner.id, at: .now)
        }
    }

    /// Records how the runner stands with its hub, and with which token.
    func take(
        _ change: HubLink.Change, of runner: RunnerRecord, _ store: Store, _ stateFile: StateFileKeeper,
        _ logger: Logger
    ) async {
        do {
            if let identity = change.identity { try stateFile.take(identity) }
            try await store.write { connection throws(StoreError) in
                try connection.setHubState(change.state, detail: change.detail, of: runner.id, at: .now)
            }
        } catch {
            logger.error("cannot record the hub's state", metadata: ["error": "\(error)"])
        }
    }

    func heartbeat(
        _ runner: RunnerRecord, _ store: Store, _ lock: RunnerLock, _ supervisor: SessionSupervisor,
        _ stateFile: StateFileKeeper, _ stopRequests: StopRequests, _ logger: Logger
    ) -> Heartbeat {
        let renewal = Renewal(
            program: ProgramFile.current, arguments: arguments, configuration: configuration,
            failure: Inheritance.own?.failure,
            notice: { notice in
                do {
                    try await store.write { connection throws(StoreError) in
                        try connection.setNotice(notice, of: runner.id)
                    }
                } catch {
                    logger.error("cannot record a notice", metadata: ["error": "\(error)"])
                }
            }, logger: logger)
        return Heartbeat(
            interval: configuration.heartbeatInterval, store: store, runnerID: runner.id,
            home: configuration.home,
            lock: lock, supervisor: supervisor, stateFile: stateFile, renewal: renewal,
            stopRequests: stopRequests,
            logger: logger)
    }

    func hubLink(_ runner: RunnerRecord, port: Int, _ rpc: MachineRPC, _ logger: Logger) -> HubLink? {
        configuration.hub.map { hub in
            HubLink(
                hub, configuration, machineID: runner.machineID ?? "",
                metadata: MachineMetadata(configuration, roots: roots),
                state: RunnerState(
                    status: "running", pid: runner.process.pid, httpPort: port,
                    startedAt: runner.startedAt.milliseconds,
                    capabilities: .init(piExistingSessionResume: true)),
                rpc: rpc, logger: logger)
        }
    }
}

extension MachineMetadata {
    /// What the runner tells of the machine.
    init(_ configuration: Configuration, roots: WorkspaceRoots) {
        self.init(configuration)
        workspaceRoots = roots.isEmpty ? nil : roots.advertised
        capabilities = ["cursor-chat-store-status", "stop-runner"]
        startedCliMtimeMs = ProgramFile.current.modifiedAt
        installedCliMtimeMs = ProgramFile.current.modifiedAt
        supervisedRestart = configuration.supervised
    }
}

extension Adoption {
    var metadata: Logger.Metadata {
        [
            "adopted": "\(adopted.count)", "waiting": "\(waiting.count)", "ended": "\(ended.count)",
            "unverifiable": "\(left.count)",
        ]
    }
}
