import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

extension SessionSupervisor {
    /// Has every live session followed that nobody follows: ones from a terminal that never reported,
    /// and any whose follower failed. Returns how many turned out to be over.
    func prune() async throws(StoreError) -> Int {
        let sessions = try await store.read { connection throws(StoreError) in try connection.liveSessions() }
        // What is only requested is being launched, by who has it followed then.
        let unfollowed = sessions.filter { !isWatched($0.id) && $0.launch.phase != .requested }
        for session in unfollowed { watch(Watch(id: session.id)) }
        return unfollowed.count { $0.stateNow == .ended }
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
