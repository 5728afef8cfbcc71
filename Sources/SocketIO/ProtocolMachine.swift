/// The protocol as a pure state machine: input with its time goes in, actions come out. No I/O, no clock.
///
/// Owns the connection's state, the waiters for acknowledgements and incomplete packets. The driver owns the
/// transport and carries out the actions in order. `Waiter` is whatever the driver needs to resume a waiting
/// call. Times are on any monotonic clock.
struct ProtocolMachine<Waiter> {
    enum Action {
        /// A WebSocket text frame.
        case send([UInt8])
        /// The namespace is connected.
        case connected
        case deliver(SocketIOEvent)
        /// Resumes a waiter, which has been removed, so this happens once.
        case resume(Waiter, SocketIOAcknowledgement)
        /// Requests a call of `watchdogFired` at that time; replaces an earlier request.
        case watch(until: Duration)
        /// Something was ignored that may help in debugging.
        case note(Note)
        /// The connection is over. Always the last action; these waiters get no answer.
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
    /// Checks that a frame of this size may be sent now. Throws the reason of the connection's end, or
    /// `messageTooLarge`.
    func admit(frameOf size: Int) throws(SocketIOError) {
        if case .ended(let reason) = stage { throw reason }
        let limit = handshake?.maximumPayload ?? maximumPayloadSize
        guard size <= limit else { throw .messageTooLarge(size: size, limit: limit) }
    }

    /// Registers a waiter for the acknowledgement with this id, which must be new.
    mutating func expectAcknowledgement(_ id: Int, for waiter: Waiter) { waiters[id] = waiter }

    /// Removes and returns the waiter, if it still waits. A later acknowledgement is ignored.
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

    /// Ends the connection if the server has been silent for too long; otherwise requests the next watch.
    mutating func watchdogFired(at now: Duration) -> [Action] {
        guard let handshake, stage == .awaitingConnect || stage == .connected else { return [] }
        let limit = lastPacket + handshake.patience
        return now < limit ? [.watch(until: limit)] : end(.pingTimeout(after: handshake.patience))
    }

    /// Ends the connection, unless it has ended already.
    mutating func end(_ reason: SocketIOError) -> [Action] {
        if case .ended = stage { return [] }
        stage = .ended(reason)
        incomplete = nil
        let failing = waiters.sorted { $0.key < $1.key }.map(\.value)
        waiters = [:]
        return [.end(reason, failing: failing)]
    }
}
