import Processes
import Synchronization

package enum TerminalOrder: Equatable, Sendable {
    case enter(AgentOpening)
    case leave
}

/// What a conversation wants done with the terminal, for the one task that owns it. A new order replaces one
/// that has not been taken.
package final class TerminalOrders: Sendable {
    private struct State {
        var order: TerminalOrder?
        var arrived = OneShot<Void>()
    }

    private let state = Mutex(State())

    func put(_ order: TerminalOrder) {
        state.withLock { state in
            state.order = order
            return state.arrived
        }.set(())
    }

    /// Waits until there is an order; returns early if the task is cancelled.
    func arrived() async { _ = await state.withLock(\.arrived).wait() }

    var isLeaving: Bool { state.withLock(\.order) == .leave }

    /// Takes the next order; nil if the task is cancelled first.
    func next() async -> TerminalOrder? {
        await arrived()
        return state.withLock { state in
            defer { state = State() }
            return state.order
        }
    }
}
