import Synchronization

/// Runs work that may block indefinitely, such as access to a network file system or the start of a program,
/// on one of a few dedicated threads. The cooperative pool has only one thread per processor.
package enum BlockingWork {
    private static let threads = WorkerThreads("blocking", limit: 8)

    /// Creates the threads early: when processes run out, no thread can be created either.
    package static func prepare() { threads.prepare() }

    /// Returns nil if the caller is cancelled or `patience` is over first; the work then continues on its
    /// thread.
    ///
    /// - Parameters:
    ///   - patience: nil to wait without limit.
    ///   - abandoned: gets the result, on the work's thread, if the caller no longer waits for it.
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

/// Work that runs once and releases what it captures, such as descriptors, before its caller continues.
private final class Once<Value: Sendable>: Sendable {
    private let body: Mutex<(@Sendable () -> Value)?>

    init(_ body: @escaping @Sendable () -> Value) { self.body = Mutex(body) }

    /// nil on the second call.
    func run() -> Value? { body.withLock { $0.take() }?() }
}

/// Passes a value from a thread to its caller, unless the caller has given up; exactly one of them gets it.
private final class Handover<Value: Sendable>: Sendable {
    private enum State {
        case underWay
        case there(Value)
        case abandoned
    }

    private let state = Mutex(State.underWay)

    /// False if nobody waits for the value.
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
