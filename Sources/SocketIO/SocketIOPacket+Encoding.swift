extension SocketIOPacket {
    /// A complete Engine.IO message frame, in one allocation because a payload may be large.
    func encodedFrame() -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(payload.count + namespace.utf8.count + 48)
        frame.append(EngineIOPacket.messageType)
        frame.append(kind.rawValue)
        if kind.isBinary { frame.append(contentsOf: "\(attachmentCount)-".utf8) }
        if namespace != "/" { frame.append(contentsOf: "\(namespace),".utf8) }
        if let id { frame.append(contentsOf: "\(id)".utf8) }
        frame.append(contentsOf: payload)
        return frame
    }
}
