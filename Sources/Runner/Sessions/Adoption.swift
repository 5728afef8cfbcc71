import Processes
import RunnerStore

/// The outcome of adopting sessions after a restart.
struct Adoption: Sendable {
    var adopted: [SessionRecord] = []
    /// Sessions that are still being launched, whose monitor is about to record their end, or that are lost.
    var waiting: [SessionRecord] = []
    var ended: [SessionRecord] = []
    /// Sessions of another host, which cannot be checked here.
    var left: [SessionRecord] = []

    /// Stops that were in progress when the last life of the runner ended.
    var stops: [(id: String, source: RequestSource)] {
        (adopted + waiting).compactMap { session in session.stoppedBy.map { (session.id, $0) } }
    }

    /// The deadline for observing all recorded processes together.
    static let patience = Duration.seconds(5)

    /// Observes the processes of every session that has not ended. One that cannot be observed in time is
    /// unverifiable.
    static func observe(_ sessions: [SessionRecord]) async -> [String: SessionObservation] {
        let seen = OneShot<[String: SessionObservation]>()
        Task.detached {
            let looks = await BlockingWork.run {
                sessions.map { session in
                    // If an earlier image of this process was its parent, it is ours to reap.
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
    /// Adopts what earlier lives of the runner left, and completes their spawn requests.
    func adoptAll(_ seen: [String: SessionObservation], by runner: Int64) throws(StoreError) -> Adoption {
        var adoption = Adoption()
        // Read after the processes were observed: the exit row of a monitor that was seen gone is final.
        for session in try liveSessions() {
            let seen = seen[session.id] ?? SessionObservation(of: session.launch)
            switch try settle(session, seen, by: runner) {
            case .over: adoption.ended.append(session)
            case .elsewhere: adoption.left.append(session)
            case .alive:
                // A session from a terminal has no monitor; adopt it so that this runner follows it.
                if session.origin == .terminal { try adopt(session.id, by: runner, at: .now) }
                adoption.adopted.append(session)
            case .unclaimed, .launching, .lost, .closing, .stale: adoption.waiting.append(session)
            }
        }
        for request in try pendingSpawnRequests() { try answerInterrupted(request) }
        return adoption
    }

    /// Gives an unanswered request of the last life of the runner its actual outcome.
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
