import Glibc
import Home
import HubProtocol
import Processes
import Synchronization

/// Runs an agent's own program in this terminal and follows what is said there; shows the conversation while
/// people elsewhere continue it. Follows the ``TerminalOrders``, and restores the terminal.
final class TerminalSession: Sendable {
    let row: TerminalRow
    let terminal: TerminalState
    let arguments: [String]
    /// Makes the program to run from its arguments.
    let program: @Sendable ([String]) -> AgentProgram
    /// The file that the agent's hook writes to.
    let hook: String
    private struct Now {
        var agent: RunningAgent?
        var isClosed = false
    }
    private let now = Mutex(Now())
    /// Who asked for the end, in words.
    private let asked = OneShot<String>()

    init(
        _ row: TerminalRow, _ terminal: TerminalState, arguments: [String], hook: String,
        program: @escaping @Sendable ([String]) -> AgentProgram
    ) {
        self.row = row
        self.terminal = terminal
        self.arguments = arguments
        self.hook = hook
        self.program = program
    }

    /// Runs until the agent's own program ends by itself or the session ends. Returns how the program ended;
    /// nil if the session ended.
    func run(_ conversation: LiveConversation, view: TerminalView) async throws(LaunchError) -> SessionEnding?
    {
        var isFirst = true
        while let order = await conversation.terminal.next() {
            guard case .enter(let opening) = order else { continue }
            let words =
                isFirst ? row.begin(arguments, hook) : row.goOn(arguments, opening, hook)
            isFirst = false
            guard let exit = try await runAgent(words, conversation) else { return nil }
            guard conversation.terminal.isLeaving else {
                return .exited(exit, asked: await whoAsked(exit))
            }
            // Takes the order that has just been carried out.
            _ = await conversation.terminal.next()
            await conversation.happen(.leftTerminal)
            await Self.until(conversation.terminal) { await view.run() }
        }
        return nil
    }

    /// Runs `body` until the next order.
    private static func until(_ orders: TerminalOrders, _ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await body() }
            group.addTask { await orders.arrived() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns nil if the session ended first.
    private func runAgent(
        _ words: [String], _ conversation: LiveConversation
    ) async throws(LaunchError) -> ChildExit? {
        unlink(hook)
        let started = Timestamp.now
        let agent = try program(words).start()
        let isClosed = now.withLock { now in
            now.agent = agent
            return now.isClosed
        }
        if isClosed { agent.signal(SIGTERM) }
        let ended = OneShot<Void>()
        let exit = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                var follower = TranscriptFollower(
                    self.row, hook: self.hook, since: started
                ) { await conversation.happen(.agent($0)) }
                await follower.run(until: ended)
                return true
            }
            group.addTask {
                await conversation.terminal.arrived()
                if ended.value == nil, conversation.terminal.isLeaving { await agent.end() }
                return false
            }
            let exit = await Self.exit(of: agent)
            now.withLock { $0.agent = nil }
            terminal.restore(crashed: exit.isBySignal)
            ended.set(())
            while let hasHeardAll = await group.next(), !hasHeardAll {}
            group.cancelAll()
            return exit
        }
        unlink(hook)
        return exit
    }

    /// Not cancelled with the calling task, so that no program is left behind in the terminal.
    private static func exit(of agent: RunningAgent) async -> ChildExit {
        await Task { await agent.ended() }.value
    }

    /// A stop signals the agent and this process at the same time, and either may get the signal first.
    private func whoAsked(_ exit: ChildExit) async -> String? {
        let signals = [SIGTERM, SIGINT, SIGHUP]
        guard signals.contains(where: { exit == .signal($0) || exit == .code(128 + $0) }) else {
            return asked.value
        }
        return await asked.wait(for: .milliseconds(200))
    }

    // MARK: Stopping

    /// Handles a signal for the session. Returns whether the agent's own program got it. The terminal sends
    /// its own signals to that program too, so SIGINT is not passed on.
    func take(_ signal: Int32, _ words: String) -> Bool {
        now.withLock { now in
            guard let agent = now.agent else { return false }
            if signal == SIGINT { return true }
            asked.set(words)
            agent.signal(signal)
            return true
        }
    }

    /// The session ends, and the agent's own program with it.
    func close() async {
        let agent = now.withLock { now in
            now.isClosed = true
            return now.agent
        }
        await agent?.end()
    }
}

extension ChildExit {
    fileprivate var isBySignal: Bool { if case .signal = self { true } else { false } }
}
