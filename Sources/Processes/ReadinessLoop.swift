import Glibc
import Synchronization

/// Waits for descriptors to become readable, on one thread for the whole process.
///
/// Not by DispatchSource: on Linux, libdispatch uses its bookkeeping of read sources after freeing it when
/// they are made and cancelled from several threads (swift-corelibs-libdispatch, issue 949).
///
/// A wait registers its descriptor for one event and is resumed by the loop's thread or by its own
/// cancellation. Where there can be no loop, for want of a descriptor or a thread, the wait looks at its
/// descriptor at intervals, and the next wait tries to start the loop again.
package final class ReadinessLoop: Sendable {
    package static let shared = ReadinessLoop()

    private typealias Continuation = CheckedContinuation<Outcome, Never>

    private enum Outcome {
        case ready, cancelled
        /// There is no loop, or it cannot hold one more.
        case unserved
    }

    private struct State {
        var poller: Poller?
        var waits = Waits<Continuation>()
    }

    private let state = Mutex(State())
    private let open: @Sendable () -> Poller?

    /// - Parameter open: makes the poller; nil where the system refuses.
    init(open: @escaping @Sendable () -> Poller? = { Poller() }) { self.open = open }

    /// Starts the loop while it surely can be. Without this the first wait does.
    package func prepare() { state.withLock { _ = poller(&$0) } }

    /// Returns when the descriptor has something to read, is at its end or in error, or when the calling
    /// task is cancelled. It may return early, so the caller reads without blocking, and keeps the
    /// descriptor open until then.
    package func waitUntilReadable(_ descriptor: Int32) async {
        let ticket = state.withLock { $0.waits.newTicket() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { register($0, ticket, descriptor) }
        } onCancel: {
            cancel(ticket, descriptor)
        }
        if case .unserved = outcome { await lookUntilReadable(descriptor) }
    }

    /// How many waits the loop holds.
    var waitCount: Int { state.withLock { $0.waits.count } }

    /// Ends the loop's thread. Waits that go on look at intervals.
    func stop() { state.withLock { $0.poller }?.wake() }

    private func register(_ continuation: Continuation, _ ticket: UInt64, _ descriptor: Int32) {
        let (early, outcome): ([Continuation], Outcome) = state.withLock { state in
            // The cancellation handler, if it ran before, has found nothing to cancel.
            if Task.isCancelled { return ([continuation], .cancelled) }
            guard let poller = poller(&state) else { return ([continuation], .unserved) }
            // A number that is waited for may have been closed and given out again: it is registered anew.
            let tag = state.waits.add(continuation, ticket, descriptor)
            let code = poller.watch(descriptor, tag)
            if code == 0 { return ([], .ready) }
            // Whoever waits for this number already is told too: what was registered for them is void.
            let refused = state.waits.take(tag)?.waiters ?? []
            // A regular file is always ready, and reading tells best what is wrong with a closed one.
            return (refused, code == -EPERM || code == -EBADF ? .ready : .unserved)
        }
        for continuation in early { continuation.resume(returning: outcome) }
    }

    private func cancel(_ ticket: UInt64, _ descriptor: Int32) {
        let cancelled = state.withLock { state in
            let (continuation, wasLast) = state.waits.remove(ticket, descriptor)
            // Forgotten before its owner can close it, so that the number's next owner starts afresh.
            if wasLast { state.poller?.forget(descriptor) }
            return continuation
        }
        cancelled?.resume(returning: .cancelled)
    }

    /// The loop's poller, started if need be.
    private func poller(_ state: inout State) -> Poller? {
        if let poller = state.poller { return poller }
        guard let poller = open(), poller.run({ self.resume($0) }, atEnd: { self.lose() }) else { return nil }
        state.poller = poller
        return poller
    }

    private func resume(_ tags: [UInt64]) {
        let ready = state.withLock { state in
            tags.flatMap { tag in
                guard let (descriptor, continuations) = state.waits.take(tag) else { return [Continuation]() }
                state.poller?.forget(descriptor)
                return continuations
            }
        }
        for continuation in ready { continuation.resume(returning: .ready) }
    }

    /// The loop's thread has ended.
    private func lose() {
        let left = state.withLock { state in
            state.poller = nil
            return state.waits.takeAll()
        }
        for continuation in left { continuation.resume(returning: .unserved) }
    }

    private func lookUntilReadable(_ descriptor: Int32) async {
        var pause = Duration.milliseconds(1)
        while !Task.isCancelled && !isReadable(descriptor) {
            // Ends early when the task is cancelled.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(100))
        }
    }
}

/// Whether a read would return at once, with data, the end or an error.
package func isReadable(_ descriptor: Int32) -> Bool {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, 0) > 0
}
