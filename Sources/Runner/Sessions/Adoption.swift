import Processes
import RunnerStore

/// What a restart found.
struct Adoption: Sendable {
    var adopted: [SessionRecord] = []
    /// About to be launched, or to say how they ended, or lost.
    var waiting: [SessionRecord] = []
    var ended: [SessionRecord] = []
    /// Nothing can be known about them here.
    var left: [SessionRecord] = []

    /// The stops that the last life of the runner had begun.
    var stops: [(id: String, source: RequestSource)] {
        (adopted + waiting).compactMap { session in session.stoppedBy.map { (session.id, $0) } }
    }

    /// How long the looks at all recorded processes may take together.
    static let patience = Duration.seconds(5)

    /// Looks at the processes of every session that is not over. One that could not be looked at in time is
    /// unverifiable.
    static func observe(_ sessions: [SessionRecord]) async -> [String: SessionObservation] {
        let seen = OneShot<[String: SessionObservation]>()
        Task.detached {
            let looks = await BlockingWork.run {
                sessions.map { session in
                    // An earlier image of this process may have been its parent.
                    if let monitor = session.launch.monitor { reap(monitor) }
                    return (session.id, SessionObservation(of: session.launch))
                }
            }
            seen.set(Dictionary(looks ?? [], uniquingKeysWith: { first, _ in first }))
        }
        if let seen = await seen.wait(for: patience) { return seen }
        let unseen = SessionObservation(monitor: .unverifiable, process: .unverifiable)
        return Dictionary(sessions.map { ($0.id, unseen) }, uniquingKeysWith: { first, _ in first })
    }
}

extension Writing {
    /// Takes over what earlier lives of the runner left, and answers what they were asked.
    func adoptAll(_ seen: [String: SessionObservation], by runner: Int64) throws(StoreError) -> Adoption {
        var adoption = Adoption()
        // Read after the look at the processes: a monitor seen gone has said all it will say.
        for session in try liveSessions() {
            let seen = seen[session.id] ?? SessionObservation(of: session.launch)
            switch try settle(session, seen, by: runner) {
            case .over: adoption.ended.append(session)
            case .elsewhere: adoption.left.append(session)
            case .alive:
                // A terminal's session has no monitor, and nobody else to belong to.
                if session.origin == .terminal { try adopt(session.id, by: runner, at: .now) }
                adoption.adopted.append(session)
            case .unclaimed, .launching, .lost, .closing, .stale: adoption.waiting.append(session)
            }
        }
        for request in try pendingSpawnRequests() { try answerInterrupted(request) }
        return adoption
    }

    /// Gives a request that the last life of the runner left unanswered its truthful outcome.
    private func answerInterrupted(_ request: SpawnRequestRecord) throws(StoreError) {
        let session: SessionRecord? = if let id = request.sessionID { try session(id) } else { nil }
        switch session {
        case let session? where session.happySessionID != nil:
            try answerSpawnRequest(request.id, .started, error: nil, at: .now)
        case let session? where session.endedAt == nil:
            try answerSpawnRequest(
                request.id, .late, error: "the runner was restarted before the session reported", at: .now)
        default:
            let how = session?.exit.map { ": \($0.summary)" } ?? ""
            try answerSpawnRequest(
                request.id, .failed, error: "the runner was restarted while it was starting\(how)", at: .now)
        }
    }
}
