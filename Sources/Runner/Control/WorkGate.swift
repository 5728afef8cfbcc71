import Processes
import Synchronization

/// The gate that every spawn and stop passes. Closed while the runner is being renewed: new work then waits,
/// and the renewal waits for work in progress.
final class WorkGate: Sendable {
    private struct State {
        var isClosed = false
        var inProgress = 0
        var opened = OneShot<Void>()
    }

    private let state = Mutex(State())

    var isQuiet: Bool { state.withLock { $0.inProgress == 0 } }

    /// Starts work if the gate is open. Call ``leave()`` when it is done.
    func tryEnter() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.inProgress += 1
            return true
        }
    }

    /// Starts work as soon as the gate is open. False if the caller is cancelled first.
    func enter() async -> Bool {
        while !tryEnter() {
            guard await state.withLock(\.opened).wait() != nil else { return false }
        }
        return true
    }

    func leave() { state.withLock { $0.inProgress -= 1 } }

    func close() { state.withLock { $0.isClosed = true } }

    func open() {
        let opened = state.withLock { state in
            state.isClosed = false
            defer { state.opened = OneShot() }
            return state.opened
        }
        opened.set(())
    }
}
