/// Why bytes from the server are not a packet. The codecs throw it and never trap, whatever the bytes.
enum MalformedPacket: Error, Equatable {
    case empty
    case unknownEngineType(UInt8)
    case invalidHandshake(String)
    case unknownType(UInt8)
    case invalidUTF8
    case numberTooLarge
    case missingAttachmentCount
    case tooManyAttachments(Int)
    case missingAcknowledgementID
    case notAnArray
    case tooManyArguments(limit: Int)
    case missingEventName
    case unexpectedPayload
}

extension MalformedPacket: CustomStringConvertible {
    var description: String {
        switch self {
        case .empty: "an empty packet"
        case .unknownEngineType(let byte):
            "a packet of the unknown Engine.IO type 0x\(String(byte, radix: 16))"
        case .invalidHandshake(let reason): "an Engine.IO handshake with \(reason)"
        case .unknownType(let byte): "a packet of the unknown Socket.IO type 0x\(String(byte, radix: 16))"
        case .invalidUTF8: "a text message that is not UTF-8"
        case .numberTooLarge: "a number too large"
        case .missingAttachmentCount: "a binary packet without the number of its attachments"
        case .tooManyAttachments(let count): "a packet with \(count) attachments"
        case .missingAcknowledgementID: "an acknowledgement without an id"
        case .notAnArray: "a payload that is not a JSON array"
        case .tooManyArguments(let limit): "a payload of more than \(limit) arguments"
        case .missingEventName: "an event without a name"
        case .unexpectedPayload: "a payload of the wrong kind"
        }
    }
}
