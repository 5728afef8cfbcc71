import NIOCore
import Synchronization

/// The events between the connection and their consumer, in order, bounded in bytes.
///
/// The connection pushes from its event loop and never waits; one consumer takes. The pusher must handle an
/// overflow: if it stopped reading instead, pings behind the events would be delayed, and the server would
/// drop the connection for a misleading reason.
final class EventQueue: Sendable {
    private struct State {
        var events = CircularBuffer<SocketIOEvent>()
        var footprint = 0
        var consumers = CircularBuffer<CheckedContinuation<SocketIOEvent?, Never>>()
        var isFinished = false
    }

    private let state = Mutex(State())
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The queue as a sequence. If its consumer is cancelled, the queue is discarded.
    var stream: AsyncStream<SocketIOEvent> {
        AsyncStream {
            await self.next()
        } onCancel: {
            self.abandon()
        }
    }

    /// False, without taking the event, if more than the limit is waiting. A single event always fits.
    func push(_ event: SocketIOEvent) -> Bool {
        let (taken, consumer) = state.withLock {
            state -> (Bool, CheckedContinuation<SocketIOEvent?, Never>?) in
            if state.isFinished { return (true, nil) }
            if let consumer = state.consumers.popFirst() { return (true, consumer) }
            guard state.events.isEmpty || state.footprint + event.footprint <= limit else {
                return (false, nil)
            }
            state.events.append(event)
            state.footprint += event.footprint
            return (true, nil)
        }
        consumer?.resume(returning: event)
        return taken
    }

    /// Whether a consumer waits for the next event.
    var hasConsumer: Bool { state.withLock { !$0.consumers.isEmpty } }

    /// Ends the queue. Waiting events can still be taken.
    func finish() { close(discarding: false) }

    private func abandon() { close(discarding: true) }

    private func close(discarding: Bool) {
        let consumers = state.withLock { state in
            state.isFinished = true
            if discarding {
                state.events.removeAll()
                state.footprint = 0
            }
            defer { state.consumers.removeAll() }
            return Array(state.consumers)
        }
        for consumer in consumers { consumer.resume(returning: nil) }
    }

    private func next() async -> SocketIOEvent? {
        await withCheckedContinuation { consumer in
            let (isReady, event) = state.withLock { state -> (Bool, SocketIOEvent?) in
                if let event = state.events.popFirst() {
                    state.footprint -= event.footprint
                    return (true, event)
                }
                if !state.isFinished { state.consumers.append(consumer) }
                return (state.isFinished, nil)
            }
            if isReady { consumer.resume(returning: event) }
        }
    }
}
