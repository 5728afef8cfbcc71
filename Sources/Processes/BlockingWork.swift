import Synchronization

/// Runs what may block without end, as a look at a network file system or the start of a program may, on
/// one of a few threads kept for that, never on the cooperative pool, which has a thread for each processor.
package enum BlockingWork {
    private static let threads = WorkerThreads("blocking", limit: 8)

    /// Makes the threads while they can be made: where processes run out, no thread can be made either.
    package static func prepare() { threads.prepare() }

    /// nil if the caller is cancelled or `patience` is over first; the thread is left to its work.
    ///
    /// - Parameters:
    ///   - patience: nil to wait as long as it takes.
    ///   - abandoned: given what came of the work in the end, on its thread, if nobody waits for it any more.
    package static func run<Value: Sendable>(
        within patience: Duration? = nil, _ body: @escaping @Sendable () -> Value,
        abandoned: (@Sendable (Value) -> Void)? = nil
    ) async -> Value? {
        let handover = Handover<Value>()
        let isDone = OneShot<Void>()
        let work = Once(body)
        threads.submit {
            guard let value = work.run() else { return }
            if handover.deliver(value) { isDone.set(()) } else { abandoned?(value) }
        }
        if let patience { _ = await isDone.wait(for: patience) } else { _ = await isDone.wait() }
        return handover.takeOrAbandon()
    }
}

/// Work that lets go of what it holds, descriptors say, before its caller goes on.
private final class Once<Value: Sendable>: Sendable {
    private let body: Mutex<(@Sendable () -> Value)?>

    init(_ body: @escaping @Sendable () -> Value) { self.body = Mutex(body) }

    /// nil the second time.
    func run() -> Value? { body.withLock { $0.take() }?() }
}

/// A value on its way from a thread to its caller, who may have gone: one of them has it in the end.
private final class Handover<Value: Sendable>: Sendable {
    private enum State {
        case underWay
        case there(Value)
        case abandoned
    }

    private let state = Mutex(State.underWay)

    /// False if nobody waits for it.
    func deliver(_ value: Value) -> Bool {
        state.withLock { state in
            if case .abandoned = state { return false }
            state = .there(value)
            return true
        }
    }

    func takeOrAbandon() -> Value? {
        state.withLock { state in
            if case .there(let value) = state { return value }
            state = .abandoned
            return nil
        }
    }
}
