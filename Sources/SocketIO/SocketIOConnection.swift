import Logging
import NIOCore
import Synchronization

/// A connection to one namespace, passed to the body of `SocketIOClient.withConnection`.
///
/// Any task may call it. Messages are sent in the order of the calls. A call on a connection that has ended
/// throws the reason of its end. Never reconnects.
package final class SocketIOConnection: Sendable {
    /// The server's events, in order, for one consumer. Finishes when the connection ends, after the events
    /// received before. If the consumer's task is cancelled, later events are dropped.
    ///
    /// Consume them steadily: if more than twice the maximum payload size is waiting, the connection ends
    /// with `eventsNotConsumed`. Up to that, a slow consumer delays nothing else, including pings and
    /// acknowledgements.
    package let events: AsyncStream<SocketIOEvent>

    private typealias Reply<Value> = ConnectionHandler.Reply<Value>

    let handler: NIOLoopBound<ConnectionHandler>
    private let ending: Ending
    private let namespace: String
    private let callCount = Atomic(0)

    /// Call it on the handler's event loop.
    init(_ handler: ConnectionHandler) {
        events = handler.events.stream
        ending = handler.ending
        namespace = handler.setup.configuration.namespace
        self.handler = NIOLoopBound(handler, eventLoop: handler.eventLoop)
    }

    // MARK: Sending

    /// Sends an event. Returns when it has been written to the socket, so that a slow server slows the
    /// caller.
    package func emit(_ name: String) async throws(SocketIOError) {
        try await send(.event, try OutgoingPayload.event(name))
    }

    /// Sends an event with one argument.
    package func emit(_ name: String, _ argument: some Encodable & Sendable) async throws(SocketIOError) {
        try await send(.event, try OutgoingPayload.event(name, argument))
    }

    /// Acknowledges an event that requests it, once; does nothing for others.
    package func acknowledge(
        _ event: SocketIOEvent, _ argument: some Encodable & Sendable
    ) async throws(SocketIOError) {
        guard let id = event.acknowledgementID else { return }
        let payload = try OutgoingPayload.acknowledgement(argument, of: event.name)
        try await send(.acknowledgement, payload, id: id)
    }

    /// Sends an event and waits for the server's acknowledgement. Throws `acknowledgementTimedOut` or
    /// `cancelled`; a later acknowledgement is ignored.
    package func emitWithAck(
        _ name: String, timeout: Duration
    ) async throws(SocketIOError) -> SocketIOAcknowledgement {
        try await request(name, try OutgoingPayload.event(name), timeout: timeout)
    }

    /// Sends an event with one argument and waits for the server's acknowledgement.
    package func emitWithAck(
        _ name: String, _ argument: some Encodable & Sendable, timeout: Duration
    ) async throws(SocketIOError) -> SocketIOAcknowledgement {
        try await request(name, try OutgoingPayload.event(name, argument), timeout: timeout)
    }

    // MARK: End

    /// Leaves the namespace, closes the WebSocket and waits until the transport is closed, at most a few
    /// seconds.
    package func disconnect() async {
        onLoop { $0.disconnect() }
        await withCheckedContinuation { waiter in
            onLoop { $0.whenClosed(waiter) }
        }
    }

    /// Waits for the end and returns its reason; `cancelled` if the waiting task is cancelled first.
    package func closed() async -> SocketIOError { await ending.wait() }
}

// MARK: On the event loop

extension SocketIOConnection {
    /// Connects. Throws the reason on failure; nothing is left open then.
    func open() async throws(SocketIOError) {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (reply: Reply<Void>) in
                onLoop { $0.open(reply) }
            }
        } onCancel: {
            // If this runs before `open`, `open` finds the connection ended and reports that.
            onLoop { $0.end(.cancelled) }
        }
        try result.get()
    }

    private func send(
        _ kind: SocketIOPacket.Kind, _ payload: ArraySlice<UInt8>, id: Int? = nil
    ) async throws(SocketIOError) {
        let frame = frame(kind, payload, id: id)
        try await call(callCount.next()) { $0.send(frame, call: $1, $2) }
    }

    private func request(
        _ name: String, _ payload: ArraySlice<UInt8>, timeout: Duration
    ) async throws(SocketIOError) -> SocketIOAcknowledgement {
        let id = callCount.next()
        let frame = frame(.event, payload, id: id)
        return try await call(id) { $0.send(frame, event: name, timeout: timeout, call: $1, $2) }
    }

    private func frame(_ kind: SocketIOPacket.Kind, _ payload: ArraySlice<UInt8>, id: Int?) -> ByteBuffer {
        ByteBuffer(
            bytes: SocketIOPacket(kind: kind, namespace: namespace, id: id, payload: payload).encodedFrame())
    }

    /// Runs a call on the event loop and waits for its reply, or until the task is cancelled.
    private func call<Value: Sendable>(
        _ id: Int, _ begin: @escaping @Sendable (ConnectionHandler, Int, Reply<Value>) -> Void
    ) async throws(SocketIOError) -> Value {
        if Task.isCancelled { throw .cancelled }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (reply: Reply<Value>) in
                onLoop { begin($0, id, reply) }
                // A cancellation just before found no call to abandon.
                if Task.isCancelled { onLoop { $0.abandon(call: id) } }
            }
        } onCancel: {
            onLoop { $0.abandon(call: id) }
        }
        return try result.get()
    }

    /// Work submitted by one task runs in the order of its calls.
    private func onLoop(_ work: @escaping @Sendable (ConnectionHandler) -> Void) {
        handler.eventLoop.execute { work(self.handler.value) }
    }
}

extension Atomic where Value == Int {
    fileprivate borrowing func next() -> Int { wrappingAdd(1, ordering: .relaxed).newValue }
}
