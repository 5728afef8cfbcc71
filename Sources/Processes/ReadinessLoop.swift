import Glibc
import Synchronization

/// Waits for descriptors to become readable, on one thread for the whole process.
///
/// Not with DispatchSource: on Linux, libdispatch uses its bookkeeping of read sources after freeing it when
/// they are created and cancelled from several threads (swift-corelibs-libdispatch, issue 949).
///
/// A wait registers its descriptor for one event. The loop's thread or a cancellation resumes it. If no loop
/// can be created, because descriptors or threads ran out, the wait polls its descriptor, and the next wait
/// tries to create the loop again.
package final class ReadinessLoop: Sendable {
    package static let shared = ReadinessLoop()

    private typealias Continuation = CheckedContinuation<Outcome, Never>

    private enum Outcome {
        case ready, cancelled
        /// There is no loop, or it could not register the descriptor.
        case unserved
    }

    private struct State {
        var poller: Poller?
        var waits = Waits<Continuation>()
    }

    private let state = Mutex(State())
    private let open: @Sendable () -> Poller?

    /// - Parameter open: creates the poller; nil if the system refuses.
    init(open: @escaping @Sendable () -> Poller? = { Poller() }) { self.open = open }

    /// Starts the loop early, while it can be created. Otherwise the first wait does.
    package func prepare() { state.withLock { _ = poller(&$0) } }

    /// Returns when the descriptor is readable, at its end or in error, or the calling task is cancelled. May
    /// return early, so the caller must read without blocking, and must keep the descriptor open until then.
    package func waitUntilReadable(_ descriptor: Int32) async {
        let ticket = state.withLock { $0.waits.newTicket() }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { register($0, ticket, descriptor) }
        } onCancel: {
            cancel(ticket, descriptor)
        }
        if case .unserved = outcome { await lookUntilReadable(descriptor) }
    }

    /// The number of registered waits.
    var waitCount: Int { state.withLock { $0.waits.count } }

    /// Ends the loop's thread. Waits that are still registered poll from then on.
    func stop() { state.withLock { $0.poller }?.wake() }

    private func register(_ continuation: Continuation, _ ticket: UInt64, _ descriptor: Int32) {
        let (early, outcome): ([Continuation], Outcome) = state.withLock { state in
            // If the cancellation handler has already run, it found nothing to cancel.
            if Task.isCancelled { return ([continuation], .cancelled) }
            guard let poller = poller(&state) else { return ([continuation], .unserved) }
            // Registered anew even if another task waits for it: the number may have been closed and reused.
            let tag = state.waits.add(continuation, ticket, descriptor)
            let code = poller.watch(descriptor, tag)
            if code == 0 { return ([], .ready) }
            // Other waiters for this number are resumed too, because their registration is void now.
            let refused = state.waits.take(tag)?.waiters ?? []
            // EPERM: a regular file, which is always readable. EBADF: closed; reading gives the best error.
            return (refused, code == -EPERM || code == -EBADF ? .ready : .unserved)
        }
        for continuation in early { continuation.resume(returning: outcome) }
    }

    private func cancel(_ ticket: UInt64, _ descriptor: Int32) {
        let cancelled = state.withLock { state in
            let (continuation, wasLast) = state.waits.remove(ticket, descriptor)
            // Removed before its owner can close it, so that a new file with the same number starts without
            // it.
            if wasLast { state.poller?.forget(descriptor) }
            return continuation
        }
        cancelled?.resume(returning: .cancelled)
    }

    /// The loop's poller, started if necessary.
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

    /// The loop's thread has ended: resumes all waits, which then poll.
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
            // The sleep fails only when cancelled, which ends the loop.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(100))
        }
    }
}

/// Whether a read would return at once, with data, end of file or an error.
package func isReadable(_ descriptor: Int32) -> Bool {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, 0) > 0
}
