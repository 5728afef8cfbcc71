import Processes
import Synchronization

/// Where work begins: spawns and stops, from whichever side. It is closed while the runner is being
/// renewed; whoever comes then waits, and what was begun is waited for.
final class WorkGate: Sendable {
    private struct State {
        var isClosed = false
        var inProgress = 0
        var opened = OneShot<Void>()
    }

    private let state = Mutex(State())

    var isQuiet: Bool { state.withLock { $0.inProgress == 0 } }

    /// Begins, if work may begin now. Whoever began says ``leave()``.
    func tryEnter() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.inProgress += 1
            return true
        }
    }

    /// Begins as soon as work may. False if the caller is cancelled first.
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
