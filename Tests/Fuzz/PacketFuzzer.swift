import FoundationEssentials

// Compiled by `scripts/fuzz`, together with the codecs and the protocol machine; not part of the package.

/// Each input is used twice: as the bytes of one message, and as a conversation with one message per line. A
/// line that begins with `b` is a binary message, any other a text message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    CodecLaws.check(input[...])
    var conversation = Conversation()
    for message in input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        conversation.hear(message)
    }
    conversation.end()
    return 0
}

/// Invariants of every message, whatever its bytes.
enum CodecLaws {
    static func check(_ bytes: ArraySlice<UInt8>) {
        engine(bytes)
        packet(bytes)
        array(bytes)
        event(bytes)
    }

    private static func engine(_ bytes: ArraySlice<UInt8>) {
        switch try? EngineIOPacket(decoding: bytes) {
        case .open(let handshake):
            let sensible = Duration.milliseconds(1)...Duration.seconds(86_400)
            precondition(sensible.contains(handshake.pingInterval))
            precondition(sensible.contains(handshake.pingTimeout))
            precondition(handshake.maximumPayload.map { $0 > 0 } ?? true)
        case .ping(let payload):
            let pong = EngineIOPacket.pongFrame(answering: payload)
            precondition((try? EngineIOPacket(decoding: pong[...])) == .pong(payload))
        default: break
        }
    }

    /// A packet that is encoded and decoded again is the same. Only with payloads that are actually sent,
    /// arrays and objects: a bare name would be read as a namespace.
    private static func packet(_ bytes: ArraySlice<UInt8>) {
        guard let packet = try? SocketIOPacket(decoding: bytes) else { return }
        precondition((0...SocketIOPacket.maximumAttachments).contains(packet.attachmentCount))
        precondition(packet.namespace.utf8.first == UInt8(ascii: "/") && packet.id ?? 0 >= 0)
        _ = try? packet.refusal()
        guard packet.payload.first != UInt8(ascii: "/") else { return }
        let frame = packet.encodedFrame()
        guard case .message(let message)? = try? EngineIOPacket(decoding: frame[...]) else {
            preconditionFailure("a packet is not written as a message")
        }
        precondition((try? SocketIOPacket(decoding: message)) == packet)
    }

    /// The elements of an array join to the same array, and are as many as the JSON decoder finds, if it
    /// finds an array at all. (It detects UTF-16 and UTF-32 by zero bytes, which no text message contains.)
    private static func array(_ bytes: ArraySlice<UInt8>) {
        guard let elements = try? JSONArraySplitter.elements(of: bytes) else { return }
        precondition(elements.count <= JSONArraySplitter.maximumElements)
        precondition(elements.allSatisfy { !$0.isEmpty && JSONArraySplitter.trimmed($0) == $0 })
        let joined = Array("[".utf8) + elements.joined(separator: ",".utf8) + Array("]".utf8)
        precondition((try? JSONArraySplitter.elements(of: joined[...])) == elements)
        guard !bytes.contains(0), let seen = try? JSONDecoder().decode([Anything].self, from: Data(bytes))
        else {
            return
        }
        precondition(seen.count == elements.count)
    }

    private struct Anything: Decodable {
        init(from decoder: any Decoder) {}
    }

    private static func event(_ bytes: ArraySlice<UInt8>) {
        guard let event = try? SocketIOEvent(payload: bytes, id: nil, attachments: []) else { return }
        let overhead = 256 + JSONArraySplitter.maximumElements * MemoryLayout<ArraySlice<UInt8>>.stride
        // A name with escapes is shorter than its JSON, or three times as long if it is repaired.
        precondition(event.footprint <= 4 * bytes.count + overhead)
        for index in 0..<event.argumentCount {
            precondition(event.json(index) != nil)
            _ = try? event.argument(index, as: [String: [Int]].self)
        }
        precondition(event.json(event.argumentCount) == nil)
        guard let written = try? OutgoingPayload.event(event.name) else {
            preconditionFailure("a name that was read cannot be written")
        }
        precondition((try? SocketIOEvent(payload: written, id: nil, attachments: []))?.name == event.name)
    }
}

/// A protocol machine with waiters, and the invariants of its decisions.
struct Conversation {
    private static let limit = 4096
    private var machine = ProtocolMachine<Int>(namespace: "/room", auth: "{}", maximumPayloadSize: limit)
    private var waiting: Set = [0, 1, 12]
    private var now = Duration.zero
    private var isConnected = false
    private var hasEnded = false

    init() { for id in waiting { machine.expectAcknowledgement(id, for: id) } }

    mutating func hear(_ message: ArraySlice<UInt8>) {
        now += .seconds(1)
        let isBinary = message.first == UInt8(ascii: "b")
        let earlier = machine.stage
        judge(
            isBinary
                ? machine.received(binary: Array(message.dropFirst()), at: now)
                : machine.received(text: Array(message), at: now))
        if let incomplete = machine.incomplete {
            precondition(incomplete.attachments.count < incomplete.header.attachmentCount)
            precondition(incomplete.attachments.reduce(0) { $0 + $1.count } <= Self.limit)
        }
        if case .ended = earlier { precondition(machine.stage == earlier) }
        if !isBinary { CodecLaws.check(message.dropFirst()) }
    }

    mutating func end() {
        judge(machine.watchdogFired(at: now + .seconds(30)))
        judge(machine.disconnect())
        precondition(hasEnded && waiting.isEmpty && machine.waiters.isEmpty && machine.incomplete == nil)
    }

    private mutating func judge(_ actions: [ProtocolMachine<Int>.Action]) {
        for action in actions {
            precondition(!hasEnded, "something follows the end")
            switch action {
            case .send(let frame): precondition((try? EngineIOPacket(decoding: frame[...])) != nil)
            case .connected:
                precondition(!isConnected, "connected twice")
                isConnected = true
            case .deliver(let event):
                precondition(event.attachments.count <= SocketIOPacket.maximumAttachments)
            case .resume(let waiter, _): precondition(waiting.remove(waiter) != nil, "resumed twice")
            case .watch(let time): precondition(time > now)
            case .note: break
            case .end(_, let failing):
                hasEnded = true
                precondition(Set(failing) == waiting && failing.count == waiting.count)
                waiting = []
            }
        }
    }
}
