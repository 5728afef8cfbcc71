import Glibc
import Home
import HubProtocol
import RunnerStore

extension SpawnRequest {
    /// Whether to create a worktree; Cursor creates its own.
    var wantsWorktree: Bool { parameters.sessionType == "worktree" && agent != .cursor }

    func decision(
        _ decision: DirectoryDecision, on directory: String, by who: String? = nil
    ) -> DirectoryDecisionRecord {
        DirectoryDecisionRecord(
            directory: directory, decision: decision, decidedBy: who,
            decidedAt: decision == .pending ? nil : .now,
            spawnRequestID: id, isStanding: false)
    }

    /// The row of this request, pending without an answer. A directory that is too long for a path is
    /// truncated.
    func record(_ answer: SpawnAnswer?) -> SpawnRequestRecord {
        let directory = Substring(parameters.directory.utf8.prefix(Int(PATH_MAX)))
        return SpawnRequestRecord(
            id: id, source: source, sessionID: nil, directory: String(directory), agent: agent.rawValue,
            requestedAt: .now, outcome: answer?.kind ?? .pending, error: answer?.error)
    }
}

extension SpawnRequestRecord {
    /// The answer that this request got; nil if it has none yet.
    func answer(_ session: SessionRecord?) -> SpawnAnswer? {
        switch outcome {
        case .pending: nil
        case .started:
            session?.happySessionID.map { .started(happySessionID: $0) }
                ?? .failed("its session is not on record")
        case .late: session?.happySessionID.map { .started(happySessionID: $0) } ?? .late(error ?? "")
        case .needsApproval: .needsApproval(directory: directory)
        case .refused: .refused(error ?? "refused")
        case .failed: .failed(error ?? "failed")
        }
    }
}

extension SessionRecord {
    /// Why the HAPI session that this one owns on another host cannot be resumed.
    func refusalElsewhere(of wanted: String, _ source: RequestSource) -> String {
        let reason =
            "session \(wanted) is recorded as live on another machine or in "
            + "another container, so it cannot be checked here."
        return source == .hub ? reason : reason + " If it is gone, run: hapi runner mark-ended \(id)"
    }
}
