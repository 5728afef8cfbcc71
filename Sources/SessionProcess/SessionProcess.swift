import Glibc
import Home
import HubClient
import HubProtocol
import Logging
import Processes
import RunnerStore
import UnixSignals

/// One session: the agent's program, in this terminal or under the runner, and its truth told to the
/// runner, the store and the hub. Messages between hub and agent are not relayed.
package struct SessionProcess: Sendable {
    private let arguments: SessionArguments
    private let configuration: Configuration
    private let settings: Settings
    private let warn: @Sendable (String) -> Void
    private let directory = workingDirectory()
    private let recordID: String
    private let logger: Logger

    /// - Parameter warn: tells the user what does not work and does not stop the session.
    package init(
        _ arguments: SessionArguments, environment: [String: String],
        warn: @escaping @Sendable (String) -> Void
    ) throws {
        self.arguments = arguments
        self.warn = warn
        let home = try RunnerHome(environment: environment)
        try home.create()
        settings = try Settings.read(home)
        configuration = try Configuration(environment: environment, home: home, settings: settings)
        let launchID = arguments.startedByRunner ? environment["HAPI_RUNNER_LAUNCH_ID"] : nil
        recordID = launchID ?? newID()
        let sink = try LogSink(path: home.sessionProcessLog(pid: getpid(), at: .now))
        logger = Logger(label: "session") { _ in LogFile(sink) }
    }

    /// Runs the agent and returns the status to exit with: the agent's own.
    package func run() async throws -> Int32 {
        let program = try AgentProgram.usablePath(
            of: arguments.agent, settings, searchPath: configuration.environment["PATH"] ?? "/usr/bin:/bin")
        let machineID = try Settings.machineID(configuration.home)
        await startRunner()
        let sessionID = arguments.existingSessionID ?? newID()
        let link = try hubLink(machineID, sessionID)
        do {
            try await register(link)
        } catch {
            await link?.close()
            throw error
        }
        recordBirth(sessionID)
        let exit: ChildExit
        do {
            // Trapped before the agent is there, so that none ends this process and leaves it behind.
            let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
            exit = try await follow(try agent(program, sessionID).start(), link, signals) {
                await report(sessionID, machineID)
            }
        } catch {
            await link?.end("error", archiveReason: "Launch failed")
            recordEnd(ExitRecord(.launchFailed, message: "\(error)", at: .now))
            throw error
        }
        recordEnd(ExitRecord(exit.reason, at: .now))
        return exit.status
    }

    /// A session from a terminal brings the runner up, unless the settings say no.
    private func startRunner() async {
        guard !arguments.startedByRunner, settings.startsRunner else { return }
        let presence = RunnerPresence(configuration.home)
        guard presence.runner == nil, presence.foreignPID == nil, presence.storeError == nil else { return }
        do {
            // By a command of its own, so that the runner is no child of this session's process.
            let started = try await HelperProcess.run(
                ProgramFile.current.path, ["runner", "start", "--no-wait"],
                environment: configuration.environment,
                within: .seconds(30))
            if started.status != 0 { warn("\(started.words); going on without a runner") }
        } catch {
            warn("\(error); going on without a runner")
        }
    }

    /// A hub that refuses an existing session ends the start. Local work goes on without one that is away,
    /// cannot be trusted, or refuses the token.
    private func register(_ link: SessionLink?) async throws {
        guard let link else { return }
        do {
            try await link.register()
        } catch {
            switch error.cause {
            case .unavailable, .untrusted: warn("\(error); continuing offline until it is there")
            case .refused where arguments.existingSessionID == nil:
                warn("\(error); continuing offline. To store another token: hapi auth login")
            case .refused, .notFound, .unexpected: throw error
            }
        }
    }

    /// How long an agent has to live before a session is said to have started.
    private static let moment = Duration.milliseconds(500)

    /// Follows the agent to its end, passing signals and the hub's wish on.
    ///
    /// - Parameter report: called when the agent has lived for a moment. One that a user starts in a terminal
    ///   needs no such proof.
    private func follow(
        _ agent: RunningAgent, _ link: SessionLink?, _ signals: UnixSignalsSequence,
        report: @escaping @Sendable () async -> Void
    ) async throws -> ChildExit {
        // Who asked for the end, if it did not come by itself.
        let asked = OneShot<String>()
        return await withTaskGroup(of: Void.self) { group in
            if let link {
                group.addTask { await link.run() }
                group.addTask {
                    for await _ in link.kills {
                        asked.set(Self.userAsked)
                        await agent.end()
                    }
                }
            }
            group.addTask { await pass(signals, to: agent, asked) }
            if !arguments.startedByRunner {
                await report()
            } else if await agent.lives(for: Self.moment) {
                await report()
            }
            let exit = await agent.ended()
            let (reason, words) = exit.ending(asked: await whoAsked(asked, exit))
            await link?.end(reason, archiveReason: words)
            group.cancelAll()
            return exit
        }
    }

    /// Who asked for the end. A stop signals the agent and this process at once, and either may end first.
    private func whoAsked(_ asked: OneShot<String>, _ exit: ChildExit) async -> String? {
        if asked.value == Self.userAsked { return asked.value }
        if arguments.startedByRunner, let words = StopAsked.words(recordID, in: configuration.home) {
            return words
        }
        let signals = [SIGTERM, SIGINT, SIGHUP]
        guard signals.contains(where: { exit == .signal($0) || exit == .code(128 + $0) }) else {
            return asked.value
        }
        return await asked.wait(for: .milliseconds(200))
    }

    private static let userAsked = "User terminated"

    /// What the terminal sends, it sends to the agent too; only what is meant for this process alone
    /// is passed on.
    private func pass(_ signals: UnixSignalsSequence, to agent: RunningAgent, _ asked: OneShot<String>) async
    {
        let inTerminal = isatty(STDIN_FILENO) == 1
        for await signal in signals {
            if signal == .sigint && inTerminal { continue }
            asked.set(signal == .sigint ? Self.userAsked : "Session terminated by a signal")
            agent.signal(signal == .sigint ? SIGINT : signal == .sighup ? SIGHUP : SIGTERM)
        }
    }

    private func agent(_ program: String, _ sessionID: String) -> AgentProgram {
        var environment = configuration.environment
        environment["HAPI_SESSION_ID"] = sessionID
        environment["HAPI_RUNNER_LAUNCH_ID"] = recordID
        return AgentProgram(
            path: program, arguments: arguments.agentArguments, environment: environment, directory: directory
        )
    }

    private func hubLink(_ machineID: String, _ sessionID: String) throws -> SessionLink? {
        guard let hub = configuration.hub else { return nil }
        var registration = SessionRegistration(
            id: sessionID, tag: newID(), metadata: metadata(machineID),
            agentState: .object(["controlledByUser": .bool(mode == "local")]))
        registration.model = arguments.model
        registration.effort = arguments.effort
        registration.modelReasoningEffort = arguments.modelReasoningEffort
        return try SessionLink(
            hub, configuration, machineID: machineID, sessionID: sessionID,
            carriesOn: arguments.existingSessionID != nil, mode: mode, registration: registration,
            logger: logger)
    }

    private var mode: String {
        arguments.startingMode?.rawValue ?? (arguments.startedByRunner ? "remote" : "local")
    }

    private func metadata(_ machineID: String) -> SessionMetadata {
        let machine = MachineMetadata(configuration)
        var metadata = SessionMetadata(path: directory, host: machine.host)
        metadata.version = machine.happyCliVersion
        metadata.os = machine.platform
        metadata.machineId = machineID
        metadata.homeDir = machine.homeDir
        metadata.happyHomeDir = machine.happyHomeDir
        metadata.happyLibDir = machine.happyLibDir
        metadata.startedFromRunner = arguments.startedByRunner
        metadata.hostPid = getpid()
        metadata.startedBy = arguments.startedByRunner ? "runner" : "terminal"
        metadata.lifecycleState = "running"
        metadata.lifecycleStateSince = Timestamp.now.milliseconds
        metadata.flavor = arguments.agent.rawValue
        metadata.startingMode = mode
        metadata.worktree = SessionWorktree.of(directory, configuration.environment)
        return metadata
    }

    private func report(_ sessionID: String, _ machineID: String) async {
        guard let port = RunnerPresence(configuration.home).controlPort else { return }
        do {
            try await ControlClient(port: port, timeout: configuration.controlTimeout)
                .reportSession(sessionID, metadata: metadata(machineID))
        } catch {
            warn("the runner did not take this session's report: \(error)")
        }
    }

    /// A session from a terminal has no monitor: it writes its own birth and its own end, so that a
    /// runner started later knows it.
    private func recordBirth(_ sessionID: String) {
        guard !arguments.startedByRunner else { return }
        var session = SessionRecord(
            id: recordID, runnerID: nil, origin: .terminal, agent: arguments.agent.rawValue,
            directory: directory,
            createdAt: .now,
            launch: LaunchRecord(phase: .launched, host: .current, process: ProcessTable.current))
        inStore { store throws(StoreError) in
            session.name = try store.freeName(like: SessionName.derived(from: directory))
            try store.insertSession(session, detail: "in a terminal")
            if try store.liveOwner(of: sessionID) == nil {
                try store.confirm(recordID, as: sessionID, at: .now)
            }
        }
    }

    private func recordEnd(_ exit: ExitRecord) {
        guard !arguments.startedByRunner else { return }
        inStore { store throws(StoreError) in try store.recordExit(recordID, exit) }
    }

    /// A store that cannot be written is told of, and keeps nobody from working.
    private func inStore(_ body: (Writing) throws(StoreError) -> Void) {
        do {
            let store = try StoreConnection(path: configuration.home.store, mode: .create)
            try store.write(body)
        } catch {
            warn("this session is not on record: \(error)")
        }
    }
}

extension ChildExit {
    fileprivate var reason: ExitReason {
        switch self {
        case .code(let code): .exited(code: code)
        case .signal(let signal): .signaled(signal: signal)
        }
    }

    /// The hub's word for this end, and the one for the archive (hub contract §7.11).
    fileprivate func ending(asked: String?) -> (reason: String, words: String) {
        if let asked { return ("terminated", asked) }
        return self == .code(0) ? ("completed", "Session completed") : ("error", "Session crashed")
    }
}
