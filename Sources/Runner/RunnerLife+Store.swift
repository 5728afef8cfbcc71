import Home
import Logging
import Processes
import RunnerStore

/// How this life of the runner is recorded in the store.
extension RunnerLife {
    /// Opens the store, adds this life's row, and closes the rows of lives that ended without recording it.
    static func begin(
        _ daemon: RunnerDaemon, _ lock: RunnerLock, startedAt: Timestamp, logPath: String, _ logger: Logger
    ) async throws -> RunnerLife {
        let configuration = daemon.configuration
        let machineID = try Settings.machineID(configuration.home)
        // A restored image finds a schema that the newer program has extended, and can work with it.
        let store = try Store(
            path: configuration.home.store, toleratingNewer: Inheritance.own?.failure != nil)
        let listener = try ListeningSocket.open()
        var runner = RunnerRecord(
            process: ProcessTable.current, host: .current, version: ProgramFile.version,
            programModifiedAt: ProgramFile.current.modifiedAt, hubURL: configuration.hub?.url,
            hubState: configuration.hub == nil ? .disabled : .connecting, machineID: machineID,
            logPath: logPath, startedAt: startedAt)
        runner.httpPort = listener.port
        runner.id = try await begin(runner, in: store)
        let searchPath = OneShot<String?>()
        let supervisor = SessionSupervisor(
            store: store, runnerID: runner.id, configuration: configuration, roots: daemon.roots,
            directoryPolicy: daemon.directoryPolicy, searchPath: searchPath, logger: logger)
        return RunnerLife(
            daemon: daemon, lock: lock, listener: listener, store: store, runner: runner, logger: logger,
            searchPath: searchPath, supervisor: supervisor)
    }

    private static func begin(_ runner: RunnerRecord, in store: Store) async throws(StoreError) -> Int64 {
        try await store.write { connection throws(StoreError) in
            for earlier in try connection.unendedRunners()
            where Observation.of(earlier.process, at: earlier.host) != .unverifiable {
                // The same process: its previous image, from before a renewal.
                let isOwn = earlier.process == runner.process && earlier.host == runner.host
                try connection.endRunner(
                    earlier.id, isOwn ? .replaced : .crashed,
                    detail: isOwn ? "renewed" : earlier.crashSignal ?? Inheritance.own?.failure,
                    at: isOwn ? runner.startedAt : nil)
            }
            return try connection.beginRunner(runner)
        }
    }

    func end(_ reason: RunnerEndReason, _ detail: String?) async throws(StoreError) {
        try await store.write { connection throws(StoreError) in
            try connection.endRunner(runner.id, reason, detail: detail, at: .now)
        }
    }

    /// Lets runners that start now wait for the end of this one.
    func markStopping() async {
        // Ignored: this only helps runners that are starting, and must not delay the stop.
        try? await store.write(patience: .seconds(1)) { connection throws(StoreError) in
            try connection.markStopping(runner.id, at: .now)
        }
    }

    /// Records the state of the hub connection, and with which token it is connected.
    func take(_ change: HubLink.Change, _ stateFile: StateFileKeeper) async {
        do {
            if let identity = change.identity { try await stateFile.take(identity) }
            try await store.write { connection throws(StoreError) in
                try connection.setHubState(change.state, detail: change.detail, of: runner.id, at: .now)
            }
        } catch {
            logger.error("cannot record the hub's state", metadata: ["error": "\(error)"])
        }
    }

    /// Sets or clears the notice about a renewal that `status` shows.
    func tell(_ notice: String?) async {
        do {
            try await store.write { connection throws(StoreError) in
                try connection.setNotice(notice, of: runner.id)
            }
        } catch {
            logger.error("cannot record a notice", metadata: ["error": "\(error)"])
        }
    }
}
