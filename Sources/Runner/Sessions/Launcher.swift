import Home
import HubClient
import HubProtocol
import Logging
import Monitor
import Processes
import RunnerStore

/// Makes what a recorded session needs, and starts its monitor.
struct Launcher: Sendable {
    let store: Store
    let home: RunnerHome
    let roots: WorkspaceRoots
    let worktrees: Worktrees
    let secrets: AgentSecrets
    /// The program that session processes run.
    let program: String
    /// The PATH of sessions, where it is not the runner's own. A login shell is still being asked for it,
    /// maybe.
    let searchPath: OneShot<String?>
    let inheritedEnvironment: [String: String]
    let logger: Logger

    /// Makes the worktree that a session was promised, if one was. Returns what it is called by now.
    func makeReady(
        _ session: SessionRecord, _ preparation: Preparation
    ) async throws -> (SessionRecord, Preparation) {
        guard case .worktree(let plan) = preparation else { return (session, preparation) }
        let made = try await makeWorktree(plan, for: session)
        var session = session
        session.directory = made.directory
        return (session, .worktree(made))
    }

    /// Starts the monitor of a session for which all is ready.
    func launch(
        _ session: SessionRecord, _ preparation: Preparation, for request: SpawnRequest
    ) async throws -> LaunchInProgress {
        let directory = try await open(session, preparation)
        CrashPoint.reached("spawn-prepared")
        let spec = try await spec(for: request, session, preparation)
        // A stop may have come while git was at work: the monitor then finds nothing to claim.
        let launch = try await LaunchInProgress.start(spec, in: directory)
        CrashPoint.reached("spawn-launched")
        return launch
    }

    /// Opens where the session will work, made first where that is wanted.
    private func open(_ session: SessionRecord, _ preparation: Preparation) async throws -> WorkingDirectory {
        let isMissing = if case .create = preparation { true } else { false }
        let roots = roots
        let opened = await BlockingWork.run {
            Result { () throws(DirectoryError) in
                isMissing
                    ? try WorkingDirectory.create(session.directory, in: roots)
                    : try WorkingDirectory(session.directory, in: roots)
            }
        }
        guard let opened else { throw DirectoryError(description: "the runner is stopping") }
        return try opened.get()
    }

    private func spec(
        for request: SpawnRequest, _ session: SessionRecord, _ preparation: Preparation
    ) async throws -> LaunchSpec {
        var own = try secrets.place(request.parameters.token, for: request.agent, session: session.id)
        guard let searchPath = await self.searchPath.wait() else {
            throw DirectoryError(description: "the runner is stopping")
        }
        if let searchPath { own[.path] = searchPath }
        if case .worktree(let plan) = preparation {
            own.merge(plan.environment(createdAt: session.createdAt)) { _, new in new }
        }
        let cursorWorktree =
            if request.agent == .cursor && request.parameters.sessionType == "worktree" {
                await !worktrees.isLinked(session.directory)
            } else { false }
        return LaunchSpec(
            launchID: session.id, storePath: home.store, logPath: home.sessionLog(session.id),
            directory: session.directory, program: program,
            arguments: [program]
                + AgentCommand.arguments(request.agent, request.parameters, cursorWorktree: cursorWorktree),
            environment: SessionEnvironment.variables(
                inherited: inheritedEnvironment, home: home.path, launchID: session.id,
                directory: session.directory, own: own))
    }
}
