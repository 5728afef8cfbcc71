/// A packet of Engine.IO 4 in a WebSocket text frame. A binary frame is a message without a type.
enum EngineIOPacket: Equatable {
    case open(EngineIOHandshake)
    case close
    case ping(ArraySlice<UInt8>)
    case pong(ArraySlice<UInt8>)
    case message(ArraySlice<UInt8>)
    case upgrade
    case noop

    init(decoding bytes: ArraySlice<UInt8>) throws(MalformedPacket) {
        guard let type = bytes.first else { throw .empty }
        let rest = bytes.dropFirst()
        switch type {
        case UInt8(ascii: "0"): self = .open(try EngineIOHandshake(decoding: rest))
        case UInt8(ascii: "1"): self = .close
        case UInt8(ascii: "2"): self = .ping(rest)
        case UInt8(ascii: "3"): self = .pong(rest)
        case UInt8(ascii: "4"): self = .message(rest)
        case UInt8(ascii: "5"): self = .upgrade
        case UInt8(ascii: "6"): self = .noop
        default: throw .unknownEngineType(type)
        }
    }

    /// The byte before a message's payload, for code that assembles the frame in place.
    static let messageType = UInt8(ascii: "4")

    /// The frame that answers a ping: a pong with the ping's own payload.
    static func pongFrame(answering payload: ArraySlice<UInt8>) -> [UInt8] {
        [UInt8(ascii: "3")] + payload
    }
}
