import HubClient
import Processes
import RunnerStore

extension RunnerLock {
    /// Takes the lock; nil if another runner keeps it. If the other runner is stopping, waits until it
    /// releases the lock, so that of many runners started during a stop one becomes the next. Stops waiting
    /// if this process is told to stop.
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
