import ArgumentParser
import Glibc
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Decides on the role of this process before anything else is set up: a monitor, a guard, a proof, a quick
/// look, a command, or a session.
@main
enum Hapi {
    static func main() {
        Output.holdStreams()
        let arguments = Array(processArguments.dropFirst())
        // Must be called while there is only one thread.
        SignalSetting.reset(holdingStopSignals: listensToStopSignals(arguments))
        switch arguments.first {
        case Monitor.argument: Monitor.run()
        case RenewalGuard.argument: RenewalGuard.run(Array(arguments.dropFirst()))
        case Proof.argument: exit(Output.finish(ExitStatus.of { try prove(Array(arguments.dropFirst())) }))
        default: break
        }
        if let look = QuickLook(Invocation.expanded(arguments)) {
            exit(Output.finish(ExitStatus.of { try look.run() }))
        }
        expectThreads()
        // The daemon, the hub connection and agents run in tasks; this thread only waits.
        Task.detached { exit(Output.finish(await run(arguments))) }
        while true { pause() }
    }

    /// The daemon and sessions handle stop signals; for all other commands they have their default effect.
    private static func listensToStopSignals(_ arguments: [String]) -> Bool {
        switch arguments.first {
        case Monitor.argument, RenewalGuard.argument, Proof.argument: return false
        case "runner": return arguments.dropFirst().first == "start-sync"
        default: return if case .session = Invocation(arguments) { true } else { false }
        }
    }

    /// Fails early if no thread can be created, as in a sandbox that forbids clone3: the concurrency runtime
    /// would wait for one for ever.
    private static func expectThreads() {
        let code = startThread("first") {}
        guard code != 0 else { return }
        Output.complain(
            "cannot start a thread: \(errorText(code))",
            hint: "allow this user more processes, or the system call clone3 (or have it fail with ENOSYS)")
        exit(ExitStatus.failed)
    }

    /// Checks for a running runner whether this program could replace it, with the same flags, settings and
    /// store.
    private static func prove(_ arguments: [String]) throws -> Int32 {
        guard let command = try RootCommand.parseAsRoot(arguments) as? StartSyncCommand else {
            return ExitStatus.usage
        }
        _ = try WorkspaceRoots(command.options.paths)
        Output.line(try Proof.give(environment: processEnvironment))
        return 0
    }

    private static func run(_ arguments: [String]) async -> Int32 {
        switch Invocation(arguments) {
        case .version:
            Output.line("hapi version: \(ProgramFile.version)")
            return 0
        case .command(let arguments): return await ExitStatus.ofCommand(arguments)
        case .session: return await SessionCommand.run(arguments)
        case .misuse(let misuse):
            misuse.tell()
            return ExitStatus.usage
        }
    }
}

/// `runner list` and `runner status` with their usual flags, without the argument parser, which would take a
/// third of their time.
private struct QuickLook {
    private let command: any LookCommand

    init?(_ arguments: [String]) {
        guard arguments.count >= 2, arguments[0] == "runner" else { return nil }
        switch (arguments[1], Array(arguments.dropFirst(2))) {
        case ("list", let rest) where Set(rest).isSubset(of: ["--all", "--json"]):
            command = ListLook(all: rest.contains("--all"), json: rest.contains("--json"))
        case ("status", let rest) where Set(rest).isSubset(of: ["--json"]):
            command = StatusLook(json: rest.contains("--json"))
        default:
            return nil
        }
    }

    func run() throws -> Int32 { try command.look() }
}
