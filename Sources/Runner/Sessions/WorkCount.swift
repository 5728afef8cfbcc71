import Synchronization

/// Spawns and stops that have not been answered yet, and what of them is still to be recorded: a renewal waits
/// for it.
final class WorkCount: Sendable {
    private let count = Mutex(0)

    var isZero: Bool { count.withLock { $0 == 0 } }

    func begin() { count.withLock { $0 += 1 } }
    func end() { count.withLock { $0 -= 1 } }

    /// Goes on after an answer.
    func later(_ work: @escaping @Sendable () async -> Void) {
        begin()
        Task {
            await work()
            end()
        }
    }
}
