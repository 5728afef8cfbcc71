import Home
import HubClient
import HubProtocol
import Logging
import Monitor
import Processes
import RunnerStore

/// Prepares what a recorded session needs, and starts its monitor.
struct Launcher: Sendable {
    let store: Store
    let home: RunnerHome
    let roots: WorkspaceRoots
    let worktrees: Worktrees
    let secrets: AgentSecrets
    /// The program that session processes run.
    let program: String
    /// The PATH of sessions, if it differs from the runner's; set once the login shell has answered.
    let searchPath: OneShot<String?>
    let inheritedEnvironment: [String: String]
    let logger: Logger

    /// Creates the session's worktree, if it has one. Returns the preparation with the name it finally got.
    func makeReady(
        _ session: SessionRecord, _ preparation: Preparation
    ) async throws -> (SessionRecord, Preparation) {
        guard case .worktree(let plan) = preparation else { return (session, preparation) }
        let made = try await makeWorktree(plan, for: session)
        var session = session
        session.directory = made.directory
        return (session, .worktree(made))
    }

    /// Starts the monitor of a prepared session.
    func launch(
        _ session: SessionRecord, _ preparation: Preparation, for request: SpawnRequest
    ) async throws -> LaunchInProgress {
        let directory = try await open(session, preparation)
        CrashPoint.reached("spawn-prepared")
        var spec = try await spec(for: request, session, preparation)
        let scope = try limit(&spec, SessionLimits(request.parameters))
        // If a stop came while git was working, the monitor finds nothing to claim.
        let launch = try await LaunchInProgress.start(spec, in: directory, scope: scope)
        CrashPoint.reached("spawn-launched")
        return launch
    }

    /// Sets up the enforcement of the session's limits. Returns the systemd-run command for its monitor, if
    /// systemd enforces them.
    private func limit(_ spec: inout LaunchSpec, _ limits: SessionLimits) throws -> MonitorScope? {
        spec.limits.seconds = limits.seconds
        guard limits.needsCgroup else { return nil }
        let facts = CgroupFacts.now(inheritedEnvironment)
        let enforcement = try LimitEnforcement.choose(for: limits, facts)
        spec.limits.memory = limits.memory
        spec.limits.processorTime = limits.processors.map { $0 * LaunchLimits.period / 100 }
        spec.limits.cgroupMount = facts.mount
        switch enforcement {
        case .cgroup(let parent):
            spec.limits.cgroup = try SessionCgroup.make(spec.launchID, limits, in: parent)
            return nil
        case .scope(let program, let isUser):
            return MonitorScope(
                program: program,
                arguments: LimitEnforcement.scopeArguments(limits, session: spec.launchID, isUser: isUser),
                environment: inheritedEnvironment)
        }
    }

    /// Opens the session's directory, and creates it first if needed.
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
