import Processes
import Synchronization

package enum TerminalOrder: Equatable, Sendable {
    case enter(AgentOpening)
    case leave
}

/// What a conversation wants of the terminal, for the one task that has it. The newest order counts.
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

    /// Waits until there is one that was not taken; returns early when the task is cancelled.
    func arrived() async { _ = await state.withLock(\.arrived).wait() }

    var isLeaving: Bool { state.withLock(\.order) == .leave }

    /// Takes the next one; nil if the task is cancelled first.
    func next() async -> TerminalOrder? {
        await arrived()
        return state.withLock { state in
            defer { state = State() }
            return state.order
        }
    }
}
