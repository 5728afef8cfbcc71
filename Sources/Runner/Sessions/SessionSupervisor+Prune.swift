import Glibc
import RunnerStore

extension SessionSupervisor {
    /// Looks after live sessions that nobody follows: ones from a terminal that never reported, and
    /// any whose follower failed. Returns how many turned out to be over.
    func prune() async throws(StoreError) -> Int {
        let sessions = try await store.read { connection throws(StoreError) in try connection.liveSessions() }
        var pruned = 0
        for session in sessions where !isWatched(session.id) {
            let seen = SessionObservation(of: session.launch)
            // Read again after the look: whoever was seen gone has said all it will say.
            guard let latest = await record(session.id) else { continue }
            switch AdoptionVerdict.on(latest, seen, at: .now) {
            case .finish(let exit):
                await finish(session.id, unlessRecorded: exit)
                pruned += 1
            case .adopt, .wait, .search:
                watch(Watch(id: session.id))
            case .withdraw, .leave:
                // Requested just now, or not to be judged here.
                break
            }
        }
        return pruned
    }

    /// The logs of the sessions that live.
    func liveLogs() async throws(StoreError) -> Set<String> {
        try await store.read { connection throws(StoreError) in
            Set(try connection.liveSessions().compactMap(\.logPath))
        }
    }

    /// Waits until no spawn and no stop is in progress. False if that takes longer than `patience`.
    func quiet(within patience: Duration) async -> Bool {
        let deadline = ContinuousClock.now + patience
        while inProgress > 0 {
            guard ContinuousClock.now < deadline, (try? await Task.sleep(for: .milliseconds(20))) != nil
            else {
                return false
            }
        }
        return true
    }
}
