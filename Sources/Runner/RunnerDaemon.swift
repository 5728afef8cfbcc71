import Glibc
import HubProtocol
import Logging
import RunnerStore
import UnixSignals

/// The runner: what is started, in which order, and how it is taken down again.
public struct RunnerDaemon: Sendable {
    private let configuration: Configuration
    private let roots: WorkspaceRoots
    /// The arguments it was started with, for the state file.
    private let arguments: [String]
    private let announce: @Sendable (String) -> Void

    /// - Parameter announce: tells the terminal, if there is one, that the runner is up.
    public init(
        configuration: Configuration, roots: WorkspaceRoots, arguments: [String],
        announce: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.roots = roots
        self.arguments = arguments
        self.announce = announce
    }

    /// Runs until it is told to stop. Throws ``RunnerLockHeld`` if another runner has this home, and
    /// whatever else kept it from running.
    public func run() async throws {
        let home = configuration.home
        try home.create()
        chdir("/")
        signal(SIGPIPE, SIG_IGN)
        guard let lock = try await RunnerLock.acquirePatiently(home) else { throw RunnerLockHeld(home: home) }
        let startedAt = Timestamp.now
        let logPath = home.runnerLog(pid: getpid(), at: startedAt)
        let sink = try LogSink(path: logPath)
        sink.takeStandardError()
        let logger = Logger(label: "runner") { _ in LogFile(sink) }
        logger.info("starting", metadata: ["version": "\(ProgramFile.version)", "home": "\(home.path)"])
        do {
            try await serve(lock, startedAt: startedAt, logPath: logPath, logger: logger)
        } catch {
            logger.critical("the runner failed", metadata: ["error": "\(error)"])
            StateFile.remove(home, ifOwnedBy: getpid())
            lock.removeFile()
            sink.returnStandardError()
            throw error
        }
        StateFile.remove(home, ifOwnedBy: getpid())
        lock.removeFile()
        logger.info("stopped")
    }

    private func serve(_ lock: RunnerLock, startedAt: Timestamp, logPath: String, logger: Logger) async throws {
        let home = configuration.home
        let machineID = try Settings.machineID(home)
        let store = try Store(path: home.store)
        var runner = RunnerRecord(
            process: ProcessTable.current, host: .current, version: ProgramFile.version,
            programModifiedAt: ProgramFile.current.modifiedAt, hubURL: configuration.hub?.url,
            hubState: configuration.hub == nil ? .disabled : .connecting, machineID: machineID, logPath: logPath,
            startedAt: startedAt)
        runner.id = try await begin(runner, in: store)
        let ended: RunnerEndReason
        do {
            ended = try await live(runner, store, machineID, logger)
        } catch {
            try? await end(runner, in: store, .exception, "\(error)")
            throw error
        }
        try await end(runner, in: store, ended, nil)
    }

    private func live(
        _ runner: RunnerRecord, _ store: Store, _ machineID: String, _ logger: Logger
    ) async throws -> RunnerEndReason {
        let stopRequests = StopRequests()
        let program = configuration.sessionProgram ?? ProgramFile.current.path
        let supervisor = SessionSupervisor(
            store: store, runnerID: runner.id, configuration: configuration, roots: roots, program: { program },
            logger: logger)

        // Adopted before anything can be asked, so that the first answer is right.
        let adoption = try await supervisor.adopt()
        logger.info("looked after what was left", metadata: adoption.metadata)
        CrashPoint.reached("adopted")

        let routes = ControlRoutes(supervisor: supervisor, stopRequests: stopRequests)
        let control = try await ControlServer.bind(routes, logger: logger)
        let stateFile = StateFile(
            runner, port: control.port, identity: RunnerIdentity(configuration, machineID: machineID),
            arguments: arguments)
        try stateFile.write(configuration.home)
        try await store.write { connection throws(StoreError) in
            try connection.setControlPort(control.port, of: runner.id)
        }
        let rpc = MachineRPC(supervisor: supervisor, roots: roots, stopRequests: stopRequests)
        let hub = hubLink(runner, machineID, port: control.port, rpc, logger)
        announce("runner \(runner.process.pid) of \(configuration.home.path), control port \(control.port)")

        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await supervisor.run() }
            group.addTask { await supervisor.resumeStops(adoption) }
            group.addTask { try await control.run() }
            group.addTask { await heartbeat(runner, store, supervisor, stateFile, logger).run() }
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                    logger.info("signalled", metadata: ["signal": "\(signal)"])
                    stopRequests.request(.signal)
                }
            }
            if let hub {
                group.addTask { try await hub.run(supervisor.spawnFailures) }
                group.addTask {
                    for await change in hub.states { await record(change, of: runner, in: store, logger) }
                }
            }
            let reason = try await firstStop(stopRequests, orFailureOf: &group)
            logger.info("stopping", metadata: ["why": "\(reason.rawValue)"])
            try? await store.write { connection throws(StoreError) in
                try connection.markStopping(runner.id, at: .now)
            }
            await hub?.announceStop(reason)
            group.cancelAll()
            // What ends now ends because it was told to.
            while let result = await group.nextResult() { _ = result }
            return reason
        }
    }

    /// Waits for the first word to stop, while a task that fails ends the wait with its error.
    private func firstStop(
        _ stopRequests: StopRequests, orFailureOf group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws -> RunnerEndReason {
        let first = OneShot<RunnerEndReason>()
        group.addTask {
            for await reason in stopRequests.reasons { first.set(reason) }
        }
        group.addTask {
            _ = await first.wait()
            if !Task.isCancelled { throw StopAsked() }
        }
        do {
            while try await group.next() != nil {}
        } catch is StopAsked {}
        return first.value ?? .exception
    }

    private struct StopAsked: Error {}

    /// Opens this life of the runner, and closes those that nobody saw end.
    private func begin(_ runner: RunnerRecord, in store: Store) async throws(StoreError) -> Int64 {
        try await store.write { connection throws(StoreError) in
            for earlier in try connection.unendedRunners()
            where Observation.of(earlier.process, at: earlier.host) != .unverifiable {
                try connection.endRunner(earlier.id, .crashed, detail: nil, at: nil)
            }
            return try connection.beginRunner(runner)
        }
    }

    private func end(
        _ runner: RunnerRecord, in store: Store, _ reason: RunnerEndReason, _ detail: String?
    ) async throws(StoreError) {
        try await store.write { connection throws(StoreError) in
            try connection.endRunner(runner.id, reason, detail: detail, at: .now)
        }
    }

    private func record(
        _ change: HubLink.Change, of runner: RunnerRecord, in store: Store, _ logger: Logger
    ) async {
        do {
            try await store.write { connection throws(StoreError) in
                try connection.setHubState(change.state, detail: change.detail, of: runner.id)
            }
        } catch {
            logger.error("cannot record the hub's state", metadata: ["error": "\(error)"])
        }
    }

    private func heartbeat(
        _ runner: RunnerRecord, _ store: Store, _ supervisor: SessionSupervisor, _ stateFile: StateFile,
        _ logger: Logger
    ) -> Heartbeat {
        Heartbeat(
            interval: configuration.heartbeatInterval, store: store, runnerID: runner.id, home: configuration.home,
            supervisor: supervisor, stateFile: stateFile, logger: logger)
    }

    private func hubLink(
        _ runner: RunnerRecord, _ machineID: String, port: Int, _ rpc: MachineRPC, _ logger: Logger
    ) -> HubLink? {
        configuration.hub.map { hub in
            HubLink(
                hub, configuration, machineID: machineID,
                metadata: MachineMetadata(configuration, roots: roots),
                state: RunnerState(
                    status: "running", pid: runner.process.pid, httpPort: port,
                    startedAt: runner.startedAt.milliseconds, capabilities: .init(piExistingSessionResume: true)),
                rpc: rpc, logger: logger)
        }
    }
}

/// Another runner has the home.
public struct RunnerLockHeld: Error, CustomStringConvertible {
    let home: RunnerHome
    public var description: String { "another runner is running for \(home.path)" }
}

extension MachineMetadata {
    /// What a session process tells of the machine.
    init(_ configuration: Configuration) {
        self.init(host: configuration.host, platform: "linux", happyCliVersion: ProgramFile.version)
        homeDir = configuration.environment["HOME"]
        happyHomeDir = configuration.home.path
        happyLibDir = parentDirectory(ProgramFile.current.path)
    }

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

extension SessionSupervisor.AdoptionSummary {
    var metadata: Logger.Metadata {
        [
            "adopted": "\(adopted.count)", "waiting": "\(waiting.count)", "ended": "\(ended.count)",
            "unverifiable": "\(left.count)",
        ]
    }
}
