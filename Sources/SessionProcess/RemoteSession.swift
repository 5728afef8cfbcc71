import Glibc
import Home
import HubClient
import HubProtocol
import Logging
import Processes
import RunnerStore

/// A session that people use through the hub or from this machine: without a terminal, or with the agent's
/// own program in this terminal until someone elsewhere continues.
struct RemoteSession: Sendable {
    let row: AgentRow
    let program: String
    let opening: AgentOpening
    /// The agent's first prompt.
    let firstPrompt: String?
    let configuration: Configuration
    let machine: MachineRegistration
    let registration: SessionRegistration
    let carriesOn: Bool
    /// The session's id in the store.
    let recordID: String
    /// Runs the agent's own program, if the session begins in a terminal.
    let terminal: TerminalSession?
    let logger: Logger
    let warn: @Sendable (String) -> Void

    var sessionID: String { registration.id }

    /// Runs the session to its end and returns why it ended.
    ///
    /// - Parameters:
    ///   - past: the result of ``register()``.
    ///   - wishes: requests from this machine to end the session.
    ///   - reachable: called once the hub can call the session, or the wait for the hub is over.
    func run(
        after past: Past, wishes: AsyncStream<SessionEnding>,
        reachable: @escaping @Sendable () async -> Void
    ) async throws -> SessionEnding {
        let parts = try await assemble(past)
        return await withTaskGroup(of: Void.self) { group in
            if let local = parts.local { group.addTask { await local.run() } }
            if let hub = parts.hub { group.addTask { await hub.run() } }
            group.addTask { for await wish in wishes { await parts.end(wish) } }
            group.addTask { await begin(parts, past, reachable) }
            // Called at once in a terminal: the user can see whether the program works.
            if terminal != nil { group.addTask { await reachable() } }
            let words = await parts.conversation.run()
            await terminal?.close()
            let ending = parts.asked.value ?? .failed(words)
            await parts.hub?.end(ending.words.reason, archiveReason: ending.words.archive)
            parts.files.removeUploads()
            group.cancelAll()
            return ending
        }
    }

    private struct Parts: Sendable {
        let conversation: LiveConversation
        let files: FileCalls
        let hub: HubSession?
        let local: LocalServer?
        /// The first requested end.
        let asked: OneShot<SessionEnding>

        func end(_ ending: SessionEnding) async {
            asked.set(ending)
            await conversation.end(ending.words.archive, isUrgent: ending.isUrgent)
        }
    }

    private func assemble(_ past: Past) async throws -> Parts {
        let news = HubNews(
            .init(
                permissionMode: opening.mode, model: opening.model, effort: opening.effort,
                mode: terminal == nil ? "remote" : "local"),
            requests: past.requests, hasHub: configuration.hub != nil)
        let conversation = conversation(past, news)
        let files = FileCalls(
            root: opening.directory, uploads: configuration.home.path + "/uploads/" + sessionID)
        let hub = try configuration.hub.map {
            try HubSession(
                $0, machine: machine, registration: registration, carriesOn: carriesOn, news: news,
                past: past.row, logger: logger)
        }
        let parts = Parts(
            conversation: conversation, files: files, hub: hub, local: await localServer(conversation),
            asked: OneShot())
        await hub?.answer(
            with: SessionCalls(
                conversation: conversation, news: news, files: files,
                git: GitCalls(files: files, environment: configuration.environment), end: parts.end))
        return parts
    }

    /// Checks that the agent works, and reports the start of the session.
    private func begin(_ parts: Parts, _ past: Past, _ reachable: @Sendable () async -> Void) async {
        if let terminal {
            if let ending = await inTerminal(terminal, parts.conversation) { await parts.end(ending) }
            return
        }
        if let exit = await parts.conversation.agentEnded(within: Self.moment) {
            // To the session's log or terminal, for whoever started the session.
            if !exit.lastWords.isEmpty { say(exit.lastWords) }
            return await parts.end(.unusable(exit))
        }
        if past.row != nil { _ = await parts.hub?.reachable.wait(for: .seconds(5)) }
        await reachable()
        await askFirst(parts.conversation)
    }

    /// How long an agent must live before the session counts as started.
    private static let moment = Duration.milliseconds(500)

    private func say(_ words: String) { _ = writeAll(STDERR_FILENO, Array((words + "\n").utf8)) }

    private func askFirst(_ conversation: LiveConversation) async {
        guard let firstPrompt else { return }
        await conversation.happen(.message(PersonMessage(key: newID(), text: firstPrompt, origin: .here)))
    }

    private func inTerminal(
        _ terminal: TerminalSession, _ conversation: LiveConversation
    ) async -> SessionEnding? {
        do {
            return try await terminal.run(
                conversation,
                view: TerminalView(
                    name: row.name, shape: localShape, conversation: conversation,
                    terminal: terminal.terminal))
        } catch {
            return .notStarted("\(error)")
        }
    }

    /// Returns nil if the socket cannot be created: the session is still usable through the hub.
    private func localServer(_ conversation: LiveConversation) async -> LocalServer? {
        let greeting: JSONValue = [
            "type": "session", "id": .string(recordID), "happySessionId": .string(sessionID),
            "agent": .string(row.name), "directory": .string(opening.directory),
        ]
        do {
            return try await LocalServer(
                configuration.home, recordID: recordID, greeting: greeting, conversation: conversation,
                shape: localShape, logger: logger)
        } catch {
            warn("hapi attach cannot reach this session: \(error)")
            return nil
        }
    }

    /// The messages shown on this machine.
    private var localShape: MessageShape {
        MessageShape(
            family: .codex, directory: opening.directory, version: ProgramFile.version, nativeID: nil,
            newID: { newID() })
    }

    // MARK: Earlier state

    struct Past: Sendable {
        /// nil while the hub is unreachable.
        var row: Session?
        var requests = RequestBook()

        /// Cards whose requests nobody had answered when an earlier process of the session was killed.
        var openCards: [String] { RequestBook.cardsLeftOpen(in: row?.agentState) }

        var isTitled: Bool {
            row?.metadata?["name"]?.string != nil || row?.metadata?["summary"]?["text"]?.string != nil
        }
    }

    /// Creates or loads the session's row. Throws if the hub refuses. Continues offline if the hub is
    /// unreachable or not trusted, or if it refuses the token of a new session.
    func register() async throws -> Past {
        guard let hub = configuration.hub else { return Past() }
        do {
            let row = try await HubREST.with(hub) { rest in
                _ = try await rest.register(machine)
                return carriesOn ? try await rest.session(sessionID) : try await rest.create(registration)
            }
            let requests = RequestBook(agentState: row.agentState ?? .null, at: Timestamp.now.milliseconds)
            return Past(row: row, requests: requests)
        } catch let error as HubError {
            switch error.cause {
            case .unavailable, .untrusted: warn("\(error); continuing offline until it is there")
            case .refused where !carriesOn:
                warn("\(error); continuing offline. To store another token: hapi auth login")
            case .refused, .notFound, .unexpected: throw error
            }
            return Past()
        }
    }

    // MARK: The conversation

    /// The hub's ids of the messages that an earlier process of the session gave to its agent.
    private var givenBefore: Set<String> {
        guard carriesOn else { return [] }
        do {
            return try StoreConnection(path: configuration.home.store, mode: .readOnly).read {
                reading throws(StoreError) in try reading.messagesGiven(in: sessionID)
            }
        } catch {
            logger.warning(
                "what was given to the agent before is not known", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func conversation(_ past: Past, _ news: HubNews) -> LiveConversation {
        var environment = configuration.environment
        environment[.sessionID] = sessionID
        environment[.launchID] = recordID
        for (name, value) in row.environment { environment[name] = value.isEmpty ? nil : value }
        let (row, program, directory) = (row, program, opening.directory)
        let variables = environment
        let shape = MessageShape(
            family: row.family, directory: directory, version: ProgramFile.version,
            nativeID: opening.nativeID, newID: { newID() })
        return LiveConversation(
            Conversation(
                row, opening: opening, requests: past.requests, leftOpen: past.openCards,
                givenBefore: givenBefore, isTitled: past.isTitled, hasTerminal: terminal != nil),
            shape, news: news,
            record: ConversationRecord(
                path: configuration.home.store, session: recordID, logger: logger), logger: logger
        ) { opening in
            AgentConnection.Program(
                path: program, arguments: row.arguments(opening), environment: variables, directory: directory
            )
        }
    }
}

extension SessionEnding {
    /// Whoever sent the signal may soon send SIGKILL.
    fileprivate var isUrgent: Bool { if case .signaled = self { true } else { false } }
}
