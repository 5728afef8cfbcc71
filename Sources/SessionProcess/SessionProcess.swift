import Glibc
import Home
import HubClient
import HubProtocol
import Logging
import Processes
import RunnerStore

/// One session. Reports to the runner, the store and the hub. Either the agent's program has this terminal to
/// itself, or people talk with the agent through the hub (``RemoteSession``).
package struct SessionProcess: Sendable {
    let arguments: SessionArguments
    let configuration: Configuration
    private let settings: Settings
    let warn: @Sendable (String) -> Void
    let directory: String
    let recordID: String
    private let logger: Logger

    /// - Parameter warn: reports problems that do not stop the session.
    package init(
        _ arguments: SessionArguments, environment: [String: String],
        warn: @escaping @Sendable (String) -> Void
    ) throws {
        self.arguments = arguments
        self.warn = warn
        directory = try CurrentDirectory.path()
        let home = try RunnerHome(environment: environment)
        try home.create()
        settings = try Settings.read(home)
        configuration = try Configuration(environment: environment, home: home, settings: settings)
        for warning in configuration.warnings { warn(warning) }
        let launchID = arguments.startedByRunner ? environment[.launchID] : nil
        recordID = launchID ?? newID()
        let sink = try LogSink(path: home.sessionProcessLog(pid: getpid(), at: .now))
        let level = configuration.logLevel
        logger = Logger(label: "session") { _ in LogFile(sink, level: level) }
    }

    /// Runs the session and returns the status to exit with: the agent's own, if it has the terminal.
    ///
    /// The caller must have blocked the stop signals (`StopSignals`).
    package func run() async throws -> Int32 {
        if let row = AgentTable.row(arguments.agent.rawValue, others: settings.acpAgents) {
            if mode == "remote" { return try await converse(row) }
            if let terminal = row.terminal, terminal.converses(arguments.agentArguments),
                let state = TerminalState()
            {
                return try await converse(row, in: (row: terminal, state: state))
            }
        }
        let (start, link) = try await unlessSignalled { try await begin() }
        let exit: ChildExit
        do {
            // Signals are blocked from here until the session listens for them, so that none ends this
            // process and leaves the agent behind.
            exit = await follow(
                try agent(start.program, start.sessionID, arguments: arguments.agentArguments)
                    .start(), link
            ) {
                await report(start.sessionID, start.machineID)
            }
        } catch {
            await link?.end("error", archiveReason: "Launch failed")
            recordEnd(ExitRecord(.launchFailed, message: "\(error)", at: .now))
            throw error
        }
        recordEnd(ExitRecord(exit.reason, at: .now))
        if exit == .unknown { warn("the agent's exit status was taken by somebody else and is not known") }
        return exit.status ?? 1
    }

    /// - Parameter row: set if the agent talks over its standard streams; nil if it only has the terminal.
    private func program(_ row: AgentRow? = nil) throws -> String {
        try AgentProgram.usablePath(
            of: arguments.agent, settings, program: row?.program, configuration.environment)
    }

    /// Until there is an agent to pass it to, a stop signal has its default action on this process.
    private func unlessSignalled<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value)
        async throws -> Value
    {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask {
                await StopSignals.each(StopSignals.takeCourse)
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let value = try await group.next() { if let value { return value } }
            throw CancellationError()
        }
    }

    private struct Start: Sendable {
        let program: String
        let sessionID: String
        let machineID: String
    }

    /// Does everything that comes before the agent.
    private func begin() async throws -> (start: Start, link: SessionLink?) {
        let program = try program()
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
        return (Start(program: program, sessionID: sessionID, machineID: machineID), link)
    }

    /// Runs the conversation to its end and returns the status to exit with.
    private func converse(
        _ row: AgentRow, in terminal: (row: TerminalRow, state: TerminalState)? = nil
    ) async throws -> Int32 {
        let (session, past) = try await unlessSignalled { try await beginConversation(row, terminal) }
        let (wishes, wish) = AsyncStream.makeStream(of: SessionEnding.self)
        do {
            let ending = try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // Signals are blocked until this listens for them, so that none ends this process and
                    // leaves the agent behind.
                    await StopSignals.each { signal in
                        if session.terminal?.take(signal, Self.words(for: signal)) == true { return }
                        let asker = StopAsked.words(recordID, in: configuration.home)
                        wish.yield(.signaled(asker ?? Self.words(for: signal)))
                    }
                }
                defer { group.cancelAll() }
                return try await session.run(after: past, wishes: wishes) {
                    recordBirth(session.sessionID)
                    await report(session.sessionID, session.machine.id)
                }
            }
            recordEnd(ending.record)
            if case .notStarted(let reason) = ending { warn(reason) }
            return ending.status
        } catch {
            recordEnd(ExitRecord(.launchFailed, message: "\(error)", at: .now))
            throw error
        }
    }

    /// Does everything that comes before the conversation.
    private func beginConversation(
        _ row: AgentRow, _ terminal: (row: TerminalRow, state: TerminalState)?
    ) async throws -> (session: RemoteSession, past: RemoteSession.Past) {
        let program = try program(row)
        let machineID = try Settings.machineID(configuration.home)
        await startRunner()
        let registration = registration(machineID, arguments.existingSessionID ?? newID())
        let session = RemoteSession(
            row: row, program: program,
            opening: arguments.opening(row, directory, inTerminal: terminal != nil),
            firstPrompt: arguments.firstPrompt, configuration: configuration,
            machine: MachineRegistration(
                id: machineID, metadata: MachineMetadata(configuration), runnerState: nil),
            registration: registration, carriesOn: arguments.existingSessionID != nil, recordID: recordID,
            terminal: try terminal.map {
                try terminalSession($0.row, $0.state, program: program, sessionID: registration.id)
            }, logger: logger, warn: warn)
        return (session, try await session.register())
    }

    private func terminalSession(
        _ row: TerminalRow, _ state: TerminalState, program: String, sessionID: String
    ) throws -> TerminalSession {
        try createDirectory(configuration.home.sockets, mode: 0o700)
        return TerminalSession(
            row, state, arguments: arguments.agentArguments,
            hook: configuration.home.sockets + "/\(recordID).starts"
        ) { agent(program, sessionID, arguments: $0) }
    }

    /// Starts the runner for a session from a terminal, unless the settings say no.
    private func startRunner() async {
        guard !arguments.startedByRunner, settings.startsRunner else { return }
        let presence = RunnerPresence(configuration.home)
        guard presence.runner == nil, presence.foreignPID == nil, presence.storeError == nil else { return }
        do {
            // Through a separate command, so that the runner is not a child of this process.
            let started = try await HelperProcess.run(
                ProgramFile.current.path, ["runner", "start", "--no-wait"],
                environment: configuration.environment,
                within: .seconds(30))
            if started.status != 0 { warn("\(started.words); going on without a runner") }
        } catch {
            warn("\(error); going on without a runner")
        }
    }

    /// Creates or loads the session's row. Throws if the hub refuses an existing session. Continues offline
    /// if the hub is unreachable or not trusted, or if it refuses the token of a new session.
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

    private func agent(_ program: String, _ sessionID: String, arguments words: [String]) -> AgentProgram {
        var environment = configuration.environment
        environment[.sessionID] = sessionID
        environment[.launchID] = recordID
        return AgentProgram(
            path: program, arguments: words, environment: environment, directory: directory
        )
    }

    private func hubLink(_ machineID: String, _ sessionID: String) throws -> SessionLink? {
        guard let hub = configuration.hub else { return nil }
        return try SessionLink(
            hub, configuration, machineID: machineID, sessionID: sessionID,
            carriesOn: arguments.existingSessionID != nil, mode: mode,
            registration: registration(machineID, sessionID), logger: logger)
    }

    private func registration(_ machineID: String, _ sessionID: String) -> SessionRegistration {
        var registration = SessionRegistration(
            id: sessionID, tag: newID(), metadata: metadata(machineID),
            agentState: .object(["controlledByUser": .bool(mode == "local")]))
        registration.model = arguments.model
        registration.effort = arguments.effort
        registration.modelReasoningEffort = arguments.modelReasoningEffort
        return registration
    }

    private var mode: String {
        arguments.startingMode?.rawValue ?? (arguments.startedByRunner ? "remote" : "local")
    }

    private func metadata(_ machineID: String) -> SessionMetadata {
        SessionMetadata(arguments, configuration, machineID: machineID, directory: directory, mode: mode)
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
}
