/// A packet of Socket.IO 5, the payload of an Engine.IO message:
/// `<type>[<attachments>-][<namespace>,][<id>][<JSON>]`.
///
/// The JSON stays raw; consumers decode the arguments they use.
struct SocketIOPacket: Equatable {
    enum Kind: UInt8 {
        case connect = 0x30
        case disconnect, event, acknowledgement, connectError, binaryEvent, binaryAcknowledgement
    }

    var kind: Kind
    var namespace = "/"
    var id: Int?
    /// The number of binary frames that follow; 0 for kinds without attachments.
    var attachmentCount = 0
    var payload: ArraySlice<UInt8> = []

    /// More attachments than any sensible message has. Checked before memory is allocated for them.
    static let maximumAttachments = 1024
}

extension SocketIOPacket.Kind {
    var isBinary: Bool { self == .binaryEvent || self == .binaryAcknowledgement }
}
