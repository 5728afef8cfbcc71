import Glibc
import Home
import HubClient
import HubProtocol
import Logging
import Monitor
import Processes
import RunnerStore

/// The runner: what is started, in which order, and how it is taken down again.
package struct RunnerDaemon: Sendable {
    let configuration: Configuration
    let roots: WorkspaceRoots
    let directoryPolicy: DirectoryPolicy
    /// The arguments it was started with, after the program's name.
    let arguments: [String]
    private let announce: @Sendable (String) -> Void

    /// - Parameters:
    ///   - directoryPolicy: nil for what the settings say.
    ///   - announce: tells the terminal, if there is one, that the runner is up.
    package init(
        configuration: Configuration, roots: WorkspaceRoots, directoryPolicy: DirectoryPolicy?,
        arguments: [String], announce: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.roots = roots
        self.directoryPolicy = directoryPolicy ?? configuration.directoryPolicy
        self.arguments = arguments
        self.announce = announce
    }

    /// Runs until it is told to stop. Throws ``RunnerLockHeld`` if another runner has this home, and
    /// whatever else kept it from running.
    package func run() async throws {
        let home = configuration.home
        try home.create()
        // It may have been started by a relative path.
        _ = ProgramFile.current
        chdir("/")
        ProcessTable.setOwnName(RunnerPresence.processName)
        signal(SIGPIPE, SIG_IGN)
        raiseDescriptorLimit()
        BlockingWork.prepare()
        guard let lock = try await takeLock() else { throw RunnerLockHeld(home: home) }
        let startedAt = Timestamp.now
        let logPath = home.runnerLog(pid: getpid(), at: startedAt)
        let sink = try LogSink(
            path: logPath, echoing: configuration.supervised || Self.isInContainer)
        sink.takeStandardError()
        let logger = Logger(label: "runner") { _ in LogFile(sink) }
        logger.info("starting", metadata: ["version": "\(ProgramFile.version)", "home": "\(home.path)"])
        do {
            try await serve(lock, startedAt: startedAt, logPath: logPath, logger: logger)
        } catch {
            logger.critical("the runner failed", metadata: ["error": "\(error)"])
            goBack(because: "\(error)", logger)
            StateFile.remove(home, ifOwnedBy: getpid())
            lock.removeFile()
            sink.returnStandardError()
            throw error
        }
        CrashPoint.reached("shutdown-recorded")
        StateFile.remove(home, ifOwnedBy: getpid())
        lock.removeFile()
        logger.info("stopped")
    }

    /// Each session takes two descriptors. What the runner starts inherits the limit.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur < min(limit.rlim_max, 65536)
        else { return }
        limit.rlim_cur = min(limit.rlim_max, 65536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// As a container's own program, or right below its init: where standard output is what `docker logs` shows.
    private static var isInContainer: Bool {
        (getpid() == 1 || getppid() == 1)
            && ["/.dockerenv", "/run/.containerenv"].contains { (path: String) in access(path, F_OK) == 0 }
    }

    private func takeLock() async throws -> RunnerLock? {
        if let inherited = Inheritance.own,
            let lock = RunnerLock(inherited: inherited.lock, configuration.home)
        {
            return lock
        }
        return try await RunnerLock.acquirePatiently(configuration.home)
    }

    private func serve(_ lock: RunnerLock, startedAt: Timestamp, logPath: String, logger: Logger) async throws
    {
        let home = configuration.home
        let machineID = try Settings.machineID(home)
        // An image that was put back meets what the newer one has added, and can live with it.
        let store = try Store(path: home.store, toleratingNewer: Inheritance.own?.failure != nil)
        let listener = try ListeningSocket.open()
        var runner = RunnerRecord(
            process: ProcessTable.current, host: .current, version: ProgramFile.version,
            programModifiedAt: ProgramFile.current.modifiedAt, hubURL: configuration.hub?.url,
            hubState: configuration.hub == nil ? .disabled : .connecting, machineID: machineID,
            logPath: logPath,
            startedAt: startedAt)
        runner.httpPort = listener.port
        runner.id = try await begin(runner, in: store)
        let wish: StopWish
        do {
            wish = try await live(runner, store, lock, listener, logger)
        } catch {
            // Already said in the log; a store that cannot take it changes nothing.
            try? await end(runner, in: store, .exception, "\(error)")
            throw error
        }
        switch wish {
        case .end(let reason): try await end(runner, in: store, reason, nil)
        case .renew:
            // The next image ends this life's row when it begins its own: until then this runner is.
            await store.close()
            throw become(lock, listener, logger)
        }
    }

    private func live(
        _ runner: RunnerRecord, _ store: Store, _ lock: RunnerLock, _ listener: ListeningSocket,
        _ logger: Logger
    ) async throws -> StopWish {
        let stopRequests = StopRequests()
        let supervisor = SessionSupervisor(
            store: store, runnerID: runner.id, configuration: configuration, roots: roots,
            directoryPolicy: directoryPolicy,
            searchPath: await LoginPath.wanted(configuration.environment, logger),
            logger: logger)

        // Adopted before anything can be asked, so that the first answer is right.
        let adoption = try await supervisor.adopt()
        logger.info("looked after what was left", metadata: adoption.metadata)
        CrashPoint.reached("adopted")

        let routes = ControlRoutes(supervisor: supervisor, stopRequests: stopRequests)
        let control = try await ControlServer.bind(routes, to: listener, logger: logger)
        let stateFile = StateFileKeeper(
            StateFile(
                runner, port: listener.port,
                identity: RunnerIdentity(configuration, machineID: runner.machineID ?? ""),
                arguments: arguments), configuration.home)
        CrashPoint.reached("control-bound")
        try stateFile.write()
        try lock.restoreFile()
        Inheritance.own?.settle()
        announce("runner \(runner.process.pid) of \(configuration.home.path), control port \(listener.port)")

        let rpc = MachineRPC(supervisor: supervisor, roots: roots, stopRequests: stopRequests)
        let hub = hubLink(runner, port: listener.port, rpc, logger)
        let heartbeat = heartbeat(runner, store, lock, supervisor, stateFile, stopRequests, logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await supervisor.run() }
            group.addTask { await supervisor.resumeStops(adoption) }
            group.addTask { try await control.run() }
            group.addTask { await heartbeat.run() }
            group.addTask { await showTroubles(of: store, logger) }
            if store.needsCheck { group.addTask { await check(store, logger) } }
            let onEnd = try Settings.read(configuration.home).onSessionEnd
            if !onEnd.isEmpty {
                let hook = SessionEndHook(
                    command: onEnd, store: store, environment: configuration.environment, logger: logger)
                group.addTask { await hook.run() }
            }
            group.addTask {
                try await StopSignals.each { signal in
                    logger.info("signalled", metadata: ["signal": "\(signalName(signal))"])
                    stopRequests.request(.end(.signal))
                }
            }
            if let hub {
                group.addTask { await hub.run(supervisor.spawnFailures) }
                group.addTask {
                    for await change in hub.states {
                        await take(change, of: runner, store, stateFile, logger)
                    }
                }
            }
            let wish = try await firstWish(stopRequests, orFailureOf: &group)
            logger.info("stopping", metadata: ["why": "\(wish.words)"])
            if wish == .renew { _ = await supervisor.quiet(within: .seconds(40)) }
            await markStopping(runner, in: store, wish)
            // Whoever asked for the stop still gets the answer; what takes longer is cut off, unless
            // nothing is to be lost.
            async let drained: Void = control.drain(within: wish == .renew ? .seconds(60) : .seconds(1))
            await hub?.announceStop(wish)
            await drained
            CrashPoint.reached("shutdown-announced")
            if wish == .renew { _ = await supervisor.quiet(within: .seconds(40)) }
            group.cancelAll()
            // What ends now ends because it was told to.
            while let result = await group.nextResult() { _ = result }
            // Whoever asked for an end while the renewal was under way gets it.
            return stopRequests.end.value.map(StopWish.end) ?? wish
        }
    }

    /// A store that cannot be written cannot say so: the process shows it in its name, where `status`
    /// looks.
    private func showTroubles(of store: Store, _ logger: Logger) async {
        for await trouble in store.troubles {
            if let trouble {
                logger.error("the store cannot be written", metadata: ["error": "\(trouble)"])
            } else {
                logger.notice("the store can be written again")
            }
            ProcessTable.setOwnName(trouble == nil ? RunnerPresence.processName : RunnerPresence.degradedName)
        }
    }

    /// Looks through a large store while it is used. Damage is said for as long as the runner runs.
    private func check(_ store: Store, _ logger: Logger) async {
        do throws(StoreError) {
            try await StoreCheck(path: configuration.home.store).run()
        } catch {
            logger.critical("the store is damaged", metadata: ["error": "\(error)"])
            await store.note(damage: error)
        }
    }

    /// Waits for the first word to stop, while a task that fails ends the wait with its error.
    private func firstWish(
        _ stopRequests: StopRequests, orFailureOf group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws -> StopWish {
        let first = OneShot<StopWish>()
        group.addTask { for await wish in stopRequests.wishes { first.set(wish) } }
        group.addTask {
            _ = await first.wait()
            if !Task.isCancelled { throw StopAsked() }
        }
        do {
            while try await group.next() != nil {}
        } catch is StopAsked {}
        return first.value ?? .end(.exception)
    }

    private struct StopAsked: Error {}
}

/// Another runner has the home.
package struct RunnerLockHeld: Error, CustomStringConvertible {
    let home: RunnerHome
    package var description: String { "another runner is running for \(home.path)" }
}
