import Home
import HubClient
import Monitor
import Processes
import RunnerStore

extension SessionSupervisor {
    /// What a restart found.
    struct AdoptionSummary: Sendable {
        var adopted: [String] = []
        var waiting: [String] = []
        var ended: [String] = []
        var left: [String] = []
        var stops: [(id: String, source: RequestSource)] = []
    }

    /// Takes over what earlier lives of the runner left: looks at every recorded process, decides for
    /// each session, records it all in one transaction, and follows what lives.
    func adopt() async throws(StoreError) -> AdoptionSummary {
        let seen = try await store.read { connection throws(StoreError) in
            try connection.liveSessions().map { session in
                // An earlier image of this process may have been its parent.
                if let monitor = session.launch.monitor { reap(monitor) }
                return (session.id, SessionObservation(of: session.launch))
            }
        }
        let observations = Dictionary(seen, uniquingKeysWith: { first, _ in first })
        CrashPoint.reached("adoption-observed")
        let runnerID = runnerID
        let summary = try await store.write { connection throws(StoreError) in
            var summary = AdoptionSummary()
            // Read after the look at the processes: a monitor seen gone has said all it will say.
            for session in try connection.liveSessions() {
                let seen = observations[session.id] ?? SessionObservation(of: session.launch)
                let verdict = AdoptionVerdict.on(session, seen, at: .now)
                try connection.carryOut(verdict, on: session, by: runnerID, &summary)
            }
            for request in try connection.pendingSpawnRequests() { try connection.answerInterrupted(request) }
            return summary
        }
        let remaining = Set(summary.adopted + summary.waiting + summary.left)
        for id in secrets.sessions() where !remaining.contains(id) { secrets.remove(session: id) }
        for id in summary.adopted + summary.waiting { watch(Watch(id: id)) }
        return summary
    }

    /// Goes on with the stops that the last life of the runner had begun.
    func resumeStops(_ summary: AdoptionSummary) async {
        await withDiscardingTaskGroup { group in
            for (id, source) in summary.stops {
                group.addTask {
                    guard let session = await self.record(id) else { return }
                    _ = await self.stop(session, by: source)
                }
            }
        }
    }
}

extension StoreConnection {
    /// Ends a session that is over and about whose end nothing more will be said.
    func finishIfOver(_ session: SessionRecord) throws(StoreError) -> Bool {
        let seen = SessionObservation(of: session.launch)
        guard let latest = try self.session(session.id),
            case .finish(let exit) = AdoptionVerdict.on(latest, seen, at: .now)
        else { return false }
        _ = try finish(session.id, unlessRecorded: exit)
        return true
    }

    fileprivate func carryOut(
        _ verdict: AdoptionVerdict, on session: SessionRecord, by runner: Int64,
        _ summary: inout SessionSupervisor.AdoptionSummary
    ) throws(StoreError) {
        switch verdict {
        case .finish(let exit):
            _ = try finish(session.id, unlessRecorded: exit)
            summary.ended.append(session.id)
            return
        case .withdraw:
            let message = "the runner ended before its monitor claimed the launch"
            if try withdrawLaunch(session.id, because: message, at: .now) {
                _ = try finish(
                    session.id, unlessRecorded: ExitRecord(.launchFailed, message: message, at: .now))
                summary.ended.append(session.id)
                return
            }
            summary.waiting.append(session.id)
        case .adopt:
            try adopt(session.id, by: runner, at: .now)
            summary.adopted.append(session.id)
        case .wait, .lookAgain, .search:
            summary.waiting.append(session.id)
        case .leave:
            summary.left.append(session.id)
            return
        }
        if let source = session.stoppedBy { summary.stops.append((session.id, source)) }
    }

    /// Gives a request that the last life of the runner left unanswered its truthful outcome.
    fileprivate func answerInterrupted(_ request: SpawnRequestRecord) throws(StoreError) {
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
