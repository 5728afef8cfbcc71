import HubClient
import Processes
import RunnerStore

extension RunnerLock {
    /// Takes the lock, or finds that another runner keeps it. One that is about to stop gives it up
    /// soon, and that is waited for: of many who start while a runner stops, one becomes the next.
    /// Whoever is told to stop waits no longer.
    package static func acquirePatiently(_ home: RunnerHome) async throws -> RunnerLock? {
        let clock = ContinuousClock()
        let start = clock.now
        while true {
            if let lock = try acquire(home) { return lock }
            let waited = clock.now - start
            let patience: Duration = RunnerPresence(home).isStopping ? .seconds(10) : .seconds(1)
            if waited >= patience || StopSignals.isPending { return nil }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
