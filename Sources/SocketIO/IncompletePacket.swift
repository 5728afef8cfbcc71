/// An event or acknowledgement with the attachments received so far, bounded in bytes by `add`.
struct IncompletePacket: Equatable {
    let header: SocketIOPacket
    private(set) var attachments: [[UInt8]] = []
    private var size: Int

    init(header: SocketIOPacket) {
        self.header = header
        size = header.payload.count
    }

    var isComplete: Bool { attachments.count >= header.attachmentCount }

    /// False, without keeping the attachment, if the whole message would exceed the limit.
    mutating func add(_ attachment: [UInt8], limit: Int) -> Bool {
        guard attachment.count <= limit - size else { return false }
        size += attachment.count
        attachments.append(attachment)
        return true
    }
}
