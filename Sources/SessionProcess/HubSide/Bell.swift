import Processes
import Synchronization

/// Wakes one task, which may be cancelled and started again. (An `AsyncStream` ends for good when the first
/// task that iterates over it is cancelled.)
final class Bell: Sendable {
    private struct State {
        var hasRung = false
        var waiting: OneShot<Void>?
    }

    private let state = Mutex(State())

    func ring() {
        let waiting = state.withLock { state in
            state.hasRung = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.set(())
    }

    /// Returns once it has rung since the last call; throws if the task is cancelled.
    func wait() async throws {
        let waiting = state.withLock { state -> OneShot<Void>? in
            if state.hasRung { return nil }
            let waiting = state.waiting ?? OneShot()
            state.waiting = waiting
            return waiting
        }
        _ = await waiting?.wait()
        try Task.checkCancellation()
        state.withLock { $0.hasRung = false }
    }
}
