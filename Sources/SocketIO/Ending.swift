import Synchronization

/// Why a connection ended, delivered once to everyone who waits for it.
final class Ending: Sendable {
    private struct State {
        var reason: SocketIOError?
        var waiters: [Int: CheckedContinuation<SocketIOError, Never>] = [:]
        var nextID = 0
    }

    private let state = Mutex(State())

    /// Sets the reason, unless there is one already.
    func reach(_ reason: SocketIOError) {
        let waiters = state.withLock { state in
            guard state.reason == nil else { return [CheckedContinuation<SocketIOError, Never>]() }
            state.reason = reason
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(returning: reason) }
    }

    /// Returns `cancelled` when the waiting task is cancelled before the end.
    func wait() async -> SocketIOError {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let reason = state.withLock { state in
                    if state.reason == nil { state.waiters[id] = waiter }
                    return state.reason
                }
                if let reason { waiter.resume(returning: reason) }
                // A cancellation before the waiter was in place found nothing to resume.
                if Task.isCancelled { abandon(id) }
            }
        } onCancel: {
            abandon(id)
        }
    }

    private func abandon(_ id: Int) {
        state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: .cancelled)
    }
}
