import Synchronization

/// Counts spawns and stops that are unanswered or still being recorded. A renewal waits until there are none.
final class WorkCount: Sendable {
    private let count = Mutex(0)

    var isZero: Bool { count.withLock { $0 == 0 } }

    func begin() { count.withLock { $0 += 1 } }
    func end() { count.withLock { $0 -= 1 } }

    /// Runs work that continues after the answer.
    func later(_ work: @escaping @Sendable () async -> Void) {
        begin()
        Task {
            await work()
            end()
        }
    }
}
