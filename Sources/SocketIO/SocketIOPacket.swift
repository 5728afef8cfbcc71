/// A packet of Socket.IO 5, the payload of an Engine.IO message:
/// `<type>[<attachments>-][<namespace>,][<id>][<JSON>]`.
///
/// The JSON stays raw: whoever consumes an argument decodes it.
struct SocketIOPacket: Equatable {
    enum Kind: UInt8 {
        case connect = 0x30
        case disconnect, event, acknowledgement, connectError, binaryEvent, binaryAcknowledgement
    }

    var kind: Kind
    var namespace = "/"
    var id: Int?
    /// How many binary frames follow; 0 for the kinds that have none.
    var attachmentCount = 0
    var payload: ArraySlice<UInt8> = []

    /// More attachments than any sensible message has; the bound is checked before anything is kept for them.
    static let maximumAttachments = 1024
}

extension SocketIOPacket.Kind {
    var isBinary: Bool { self == .binaryEvent || self == .binaryAcknowledgement }
}
