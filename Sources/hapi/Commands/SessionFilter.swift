import ArgumentParser
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Flags that select sessions, shared by several commands.
struct SessionFilter: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only sessions in this state: requested, starting, running, stopping, unverifiable, ended.",
            valueName: "state"))
    var state: Choice<SessionState>?
    @Option(help: "Only sessions of this agent.") var agent: Choice<Agent>?
    @Option(help: ArgumentHelp("Only sessions that work in this directory or below it.", valueName: "dir"))
    var dir: String?
    @Option(
        help: ArgumentHelp("Only sessions started since: \(PastMoment.help).", valueName: "when"),
        transform: PastMoment.init)
    var since: PastMoment?
    @Flag(help: "Only sessions that failed: ended by themselves, and not with exit 0.") var failed = false

    /// Whether the flags ask for ended sessions.
    var includesEnded: Bool { failed || state?.value == .ended }

    func validate() throws {
        try state?.check()
        try agent?.check()
    }

    /// The predicate. A relative directory is resolved once, here.
    func acceptance() throws(CurrentDirectoryGone) -> (SessionView) -> Bool {
        var folder: String?
        if let dir { folder = try absolutePath(dir) }
        return { [folder] view in
            let session = view.session
            if let state, view.state != state.value { return false }
            if let agent, session.agent != agent.value?.rawValue { return false }
            if let folder, !lies(session.directory, in: folder) { return false }
            if let since, session.createdAt < since.moment { return false }
            return !failed || view.hasFailed
        }
    }
}

extension SessionView {
    /// Whether the session ended without being stopped, and not with exit 0. A message, as after a timeout,
    /// means failure whatever the exit status.
    var hasFailed: Bool {
        guard let exit = session.exit, session.stoppedBy == nil else { return false }
        return exit.reason != .exited(code: 0) || exit.message != nil
    }
}
