extension ProtocolMachine {
    /// A WebSocket text message.
    mutating func received(text: [UInt8], at now: Duration) -> [Action] {
        if case .ended = stage { return [] }
        packetArrived(at: now)
        do {
            guard String(validating: text, as: UTF8.self) != nil else { throw MalformedPacket.invalidUTF8 }
            return try handle(EngineIOPacket(decoding: text[...]), at: now)
        } catch {
            return end(.protocolViolation(reason: "it sent \(error)"))
        }
    }

    /// A WebSocket binary message: an attachment of the packet before it.
    mutating func received(binary: [UInt8], at now: Duration) -> [Action] {
        if case .ended = stage { return [] }
        packetArrived(at: now)
        guard var packet = incomplete else { return outOfOrder("an attachment without a packet") }
        incomplete = nil
        guard packet.add(binary, limit: maximumPayloadSize) else {
            return end(.incomingMessageTooLarge(limit: maximumPayloadSize))
        }
        return arrived(packet)
    }

    private mutating func handle(_ packet: EngineIOPacket, at now: Duration) throws(MalformedPacket)
        -> [Action]
    {
        switch packet {
        case .open(let handshake): return opened(handshake, at: now)
        case .close: return end(.closedByServer(reason: "it ended the session"))
        case .ping(let payload): return [.send(EngineIOPacket.pongFrame(answering: payload))]
        case .pong, .upgrade, .noop: return []
        case .message(let bytes):
            if stage == .awaitingOpen { return outOfOrder("a message before the handshake") }
            if incomplete != nil { return outOfOrder("a packet among another's attachments") }
            return try handle(SocketIOPacket(decoding: bytes))
        }
    }

    private mutating func opened(_ handshake: EngineIOHandshake, at now: Duration) -> [Action] {
        guard stage == .awaitingOpen else { return outOfOrder("a second handshake") }
        stage = .awaitingConnect
        self.handshake = handshake
        var connect = SocketIOPacket(kind: .connect, namespace: namespace)
        connect.payload = Array((auth ?? "").utf8)[...]
        return [.send(connect.encodedFrame()), .watch(until: now + handshake.patience)]
    }

    private mutating func handle(_ packet: SocketIOPacket) throws(MalformedPacket) -> [Action] {
        switch packet.kind {
        case .event, .acknowledgement, .binaryEvent, .binaryAcknowledgement:
            return arrived(IncompletePacket(header: packet))
        case .connect, .disconnect, .connectError:
            guard packet.namespace == namespace else { return [.note(.otherNamespace(packet.namespace))] }
            return try handleControl(packet)
        }
    }

    private mutating func handleControl(_ packet: SocketIOPacket) throws(MalformedPacket) -> [Action] {
        switch packet.kind {
        case .connect where stage == .awaitingConnect:
            stage = .connected
            return [.connected]
        case .disconnect:
            return end(.disconnectedByServer(namespace: namespace))
        case .connectError:
            return end(.refused(namespace: namespace, message: try packet.refusal()))
        default:
            return []
        }
    }

    /// Delivers the packet if it is complete, and keeps it otherwise.
    private mutating func arrived(_ packet: IncompletePacket) -> [Action] {
        guard packet.isComplete else {
            incomplete = packet
            return []
        }
        do {
            return try handle(complete: packet)
        } catch {
            return end(.protocolViolation(reason: "it sent \(error)"))
        }
    }

    /// Accepts events before the namespace's CONNECT, because some servers emit before they answer it.
    private mutating func handle(complete packet: IncompletePacket) throws(MalformedPacket) -> [Action] {
        let header = packet.header
        guard header.namespace == namespace else { return [.note(.otherNamespace(header.namespace))] }
        switch header.kind {
        case .event, .binaryEvent:
            let event = try SocketIOEvent(
                payload: header.payload, id: header.id, attachments: packet.attachments)
            return [.deliver(event)]
        default:
            guard let id = header.id else { throw .missingAcknowledgementID }
            let acknowledgement = try SocketIOAcknowledgement(
                payload: header.payload, attachments: packet.attachments)
            guard let waiter = abandonAcknowledgement(id) else {
                return [.note(.unknownAcknowledgement(id: id))]
            }
            return [.resume(waiter, acknowledgement)]
        }
    }

    private mutating func outOfOrder(_ what: String) -> [Action] {
        end(.protocolViolation(reason: "it sent \(what)"))
    }
}
