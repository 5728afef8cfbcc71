/// The protocol as a value: what came in, and when, goes in; what is to be done comes out. No I/O, no clock.
///
/// It owns the connection's state, the waiters for acknowledgements and the attachments still missing; whoever
/// drives it owns the transport and carries out the actions in order. `Waiter` is whatever the driver needs to
/// find the one who waits. Times are on any monotonic clock, from any origin.
struct ProtocolMachine<Waiter> {
    enum Action {
        /// A WebSocket text frame.
        case send([UInt8])
        /// The namespace is connected.
        case connected
        case deliver(SocketIOEvent)
        /// The waiter has been removed: this happens once.
        case resume(Waiter, SocketIOAcknowledgement)
        /// Call `watchdogFired` at that time; replaces an earlier request.
        case watch(until: Duration)
        /// Something ignored that may interest whoever looks for a fault.
        case note(Note)
        /// The connection is over; the last action there ever is, and none of these waiters gets an answer.
        case end(SocketIOError, failing: [Waiter])
    }

    enum Note: Equatable {
        case unknownAcknowledgement(id: Int)
        case otherNamespace(String)
    }

    enum Stage: Equatable {
        case awaitingOpen, awaitingConnect, connected
        case ended(SocketIOError)
    }

    let namespace: String
    let auth: String?
    let maximumPayloadSize: Int

    var stage = Stage.awaitingOpen
    var handshake: EngineIOHandshake?
    var incomplete: IncompletePacket?
    private(set) var waiters: [Int: Waiter] = [:]
    private var lastPacket = Duration.zero

    init(namespace: String, auth: String?, maximumPayloadSize: Int) {
        self.namespace = namespace
        self.auth = auth
        self.maximumPayloadSize = maximumPayloadSize
    }
}

extension ProtocolMachine.Action: Equatable where Waiter: Equatable {}

// MARK: Sending

extension ProtocolMachine {
    /// Whether a frame of this size may be sent now. Throws why the connection ended, or `messageTooLarge`.
    func admit(frameOf size: Int) throws(SocketIOError) {
        if case .ended(let reason) = stage { throw reason }
        let limit = handshake?.maximumPayload ?? maximumPayloadSize
        guard size <= limit else { throw .messageTooLarge(size: size, limit: limit) }
    }

    /// From now on an acknowledgement with this id resumes the waiter. The id must be new.
    mutating func expectAcknowledgement(_ id: Int, for waiter: Waiter) { waiters[id] = waiter }

    /// Gives the waiter back if it still waits; an acknowledgement that comes later is ignored.
    mutating func abandonAcknowledgement(_ id: Int) -> Waiter? { waiters.removeValue(forKey: id) }

    /// Leaves the namespace and ends.
    mutating func disconnect() -> [Action] {
        if case .ended = stage { return [] }
        let farewell = SocketIOPacket(kind: .disconnect, namespace: namespace)
        let goodbye: [Action] = stage == .connected ? [.send(farewell.encodedFrame())] : []
        return goodbye + end(.disconnected)
    }
}

// MARK: Time and end

extension ProtocolMachine {
    mutating func packetArrived(at now: Duration) { lastPacket = now }

    /// The server has been silent for too long, or a packet came since the watch was asked for.
    mutating func watchdogFired(at now: Duration) -> [Action] {
        guard let handshake, stage == .awaitingConnect || stage == .connected else { return [] }
        let limit = lastPacket + handshake.patience
        return now < limit ? [.watch(until: limit)] : end(.pingTimeout(after: handshake.patience))
    }

    /// Ends for the given reason, unless it has ended: the first reason stands.
    mutating func end(_ reason: SocketIOError) -> [Action] {
        if case .ended = stage { return [] }
        stage = .ended(reason)
        incomplete = nil
        let failing = waiters.sorted { $0.key < $1.key }.map(\.value)
        waiters = [:]
        return [.end(reason, failing: failing)]
    }
}
