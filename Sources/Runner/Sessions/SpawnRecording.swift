import Home
import Processes
import RunnerStore

/// What to do about a session's directory before the launch.
enum Preparation: Sendable {
    case existing
    case create(by: String)
    case worktree(WorktreePlan)
}

/// The outcome of a spawn's transaction.
enum SpawnRecording: Sendable {
    case new(SessionRecord, Preparation)
    /// All names for its worktree were taken in the meantime.
    case nameless
    /// The HAPI session has a live owner.
    case owned(SessionRecord)
    /// The HAPI session's owner has ended, and its monitor has yet to record how.
    case ending(SessionRecord)
    /// The HAPI session's owner was recorded on another machine or in another container.
    case elsewhere(SessionRecord)
    /// A live session already has the requested name.
    case named(String)
}

extension Writing {
    /// Records the request, the session and what to create for it in this transaction. If something prevents
    /// the spawn, records nothing, except for a request that a live session answers.
    func record(
        _ request: SpawnRequest, for session: SessionRecord, _ preparation: Preparation, by runner: Int64
    ) throws(StoreError) -> SpawnRecording {
        if let obstacle = try obstacle(to: request, session, by: runner) { return obstacle }
        var (session, preparation) = (session, preparation)
        if case .worktree(let plan) = preparation {
            guard let plan = try unclaimed(plan) else { return .nameless }
            session.directory = plan.directory
            preparation = .worktree(plan)
        }
        let wanted = request.parameters.name ?? SessionName.derived(from: session.directory)
        session.name = try freeName(like: wanted)
        if let asked = request.parameters.name, asked != session.name { return .named(asked) }
        try insertSession(session, detail: "by \(request.source.rawValue)")
        if let options = SpawnOptions.text(request.parameters) {
            try recordEvent(session.id, SpawnOptions.event, detail: options, at: session.createdAt)
        }
        var row = request.record(nil)
        row.sessionID = session.id
        try insertSpawnRequest(row)
        try record(preparation, of: session, for: request)
        return .new(session, preparation)
    }

    /// The live owner of the HAPI session to resume. An owner that has ended is settled first.
    private func obstacle(
        to request: SpawnRequest, _ session: SessionRecord, by runner: Int64
    ) throws(StoreError) -> SpawnRecording? {
        guard let wanted = session.requestedSessionID, let owner = try liveOwner(of: wanted) else {
            return nil
        }
        guard owner.launch.host.isHere else { return .elsewhere(owner) }
        if owner.stateNow != .ended {
            var row = request.record(nil)
            row.sessionID = owner.id
            if owner.happySessionID != nil { row.outcome = .started }
            try insertSpawnRequest(row)
            return .owned(owner)
        }
        guard case .over? = try settleNow(owner, by: runner) else { return .ending(owner) }
        return nil
    }

    private func record(
        _ preparation: Preparation, of session: SessionRecord, for request: SpawnRequest
    ) throws(StoreError) {
        switch preparation {
        case .existing: break
        case .create(let who):
            try recordDirectoryDecision(
                request.decision(.approved, on: session.directory, by: who), at: .now)
        case .worktree(let plan): try insertWorktree(plan.record(for: session.id, at: session.createdAt))
        }
    }

    /// Records a request that starts nothing, with its answer and the decision about the directory.
    func turnDown(_ request: SpawnRequest, _ refusal: SpawnVerdict.TurnDown) throws(StoreError) {
        try insertSpawnRequest(request.record(refusal.answer))
        if case .needsApproval(let directory) = refusal.answer {
            try recordDirectoryDecision(request.decision(.pending, on: directory), at: .now)
        }
        if let denied = refusal.denied {
            try recordDirectoryDecision(
                request.decision(.denied, on: denied.directory, by: denied.by), at: .now)
        }
    }

    /// The plan with its first name that no other worktree has or has reserved; nil if there is none.
    func unclaimed(_ plan: WorktreePlan) throws(StoreError) -> WorktreePlan? {
        var plan: WorktreePlan? = plan
        while let candidate = plan {
            if try !isWorktreeName(candidate.name, takenIn: candidate.repository.path) { return candidate }
            plan = candidate.next
        }
        return nil
    }
}
