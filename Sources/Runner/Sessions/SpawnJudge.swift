import Home
import HubProtocol
import Processes
import RunnerStore

/// The verdict on a spawn request, before anything about it is recorded.
enum SpawnVerdict: Sendable {
    /// An answer that starts nothing, and, if creating a directory was denied, who denied it.
    struct TurnDown: Sendable {
        var answer: SpawnAnswer
        var denied: (directory: String, by: String)?
    }

    case carryOut(in: String, Preparation)
    case turnDown(TurnDown)
    /// The runner is stopping: the request was not judged, and no verdict is recorded.
    case interrupted

    static func refuse(_ reason: String) -> Self { .turnDown(TurnDown(answer: .refused(reason))) }

    static func deny(_ directory: String, _ who: String) -> Self {
        let reason = "cannot use \(directory): it does not exist, and creating it is denied (\(who))"
        return .turnDown(TurnDown(answer: .refused(reason), denied: (directory, who)))
    }
}

/// Judges spawn requests by their parameters, the workspace roots, the state of the directory and earlier
/// decisions about it.
struct SpawnJudge: Sendable {
    let store: Store
    let roots: WorkspaceRoots
    let worktrees: Worktrees
    let policy: DirectoryPolicy
    /// The runner's environment.
    let environment: [String: String]

    func verdict(on request: SpawnRequest) async throws(StoreError) -> SpawnVerdict {
        if let refusal = request.parameters.refusal ?? limitRefusal(request.parameters) {
            return .refuse(refusal)
        }
        let (roots, wanted) = (roots, normalizedPath(request.parameters.directory))
        guard let admitted = await BlockingWork.run({ roots.admit(wanted) }) else { return .interrupted }
        guard let directory = admitted else { return .refuse(WorkspaceRoots.outside) }
        if request.wantsWorktree { return try await worktreeVerdict(request, directory) }
        guard let state = await BlockingWork.run({ DirectoryState.of(directory) }) else {
            return .interrupted
        }
        let verdict = DirectoryVerdict.on(
            directory, state, approved: request.parameters.approvedNewDirectoryCreation,
            standing: try await standingDecision(on: directory), policy: policy, source: request.source)
        return switch verdict {
        case .refuse(let reason): .refuse(reason)
        case .askApproval: .turnDown(.init(answer: .needsApproval(directory: directory)))
        case .deny(let who): .deny(directory, who)
        case .use: .carryOut(in: directory, .existing)
        case .create(let who): .carryOut(in: directory, .create(by: who))
        }
    }

    /// Why this machine cannot apply the requested limits; nil if it can, or none are requested.
    private func limitRefusal(_ parameters: SpawnParameters) -> String? {
        do {
            let limits = try SessionLimits(parameters)
            if limits.needsCgroup { _ = try LimitEnforcement.choose(for: limits, .now(environment)) }
            return nil
        } catch {
            return error.description
        }
    }

    /// A request for a worktree approves its creation, but a standing denial applies to it too.
    private func worktreeVerdict(
        _ request: SpawnRequest, _ directory: String
    ) async throws(StoreError) -> SpawnVerdict {
        let plan: WorktreePlan
        do {
            plan = try await worktrees.plan(for: directory, hint: request.parameters.worktreeName, in: roots)
        } catch {
            return .refuse(error.description)
        }
        let verdict = DirectoryVerdict.on(
            plan.path, .missing, approved: true, standing: try await standingDecision(on: plan.path),
            policy: policy, source: request.source)
        if case .deny(let who) = verdict { return .deny(plan.path, who) }
        return .carryOut(in: plan.directory, .worktree(plan))
    }

    private func standingDecision(on directory: String) async throws(StoreError) -> DirectoryDecision? {
        // Falls back to the unresolved path only if the runner is stopping, when the decision no longer
        // matters.
        let resolved = await BlockingWork.run { resolvedPath(directory) } ?? directory
        return try await store.read { connection throws(StoreError) in
            try connection.standingDecision(on: resolved)
        }
    }
}
