import Glibc
import Home
import Processes

/// How the process of an agent that has the terminal to itself is followed to its end.
extension SessionProcess {
    /// How long an agent must live before the session counts as started.
    private static let moment = Duration.milliseconds(500)

    /// Follows the agent to its end. Passes on signals, and the hub's request to end.
    ///
    /// - Parameter report: called when the agent has lived for a moment; at once if a user started it in a
    ///   terminal.
    func follow(
        _ agent: RunningAgent, _ link: SessionLink?, report: @escaping @Sendable () async -> Void
    ) async -> ChildExit {
        // Who asked for the end, in words.
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
            group.addTask { await passSignals(to: agent, asked) }
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

    /// A stop signals the agent and this process at the same time, and either may end first.
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

    static func words(for signal: Int32) -> String {
        signal == SIGINT ? userAsked : "Session terminated by a signal"
    }

    /// The terminal sends its signals to the agent too; passes on only those meant for this process alone.
    private func passSignals(to agent: RunningAgent, _ asked: OneShot<String>) async {
        let inTerminal = isatty(STDIN_FILENO) == 1
        await StopSignals.each { signal in
            if signal == SIGINT && inTerminal { return }
            asked.set(Self.words(for: signal))
            agent.signal(signal)
        }
    }
}
