/// The server's answer to `SocketIOConnection.emitWithAck`. Its arguments are decoded when asked for.
public struct SocketIOAcknowledgement: Equatable, Sendable {
    /// Binary parts, in order. In the arguments each stands as `{"_placeholder":true,"num":<its index>}`.
    public let attachments: [[UInt8]]
    let arguments: ArgumentList

    public var argumentCount: Int { arguments.elements.count }

    /// Decodes an argument; 0 is the first. Throws `undecodable`.
    public func argument<T: Decodable>(_ index: Int, as type: T.Type) throws(SocketIOError) -> T {
        try arguments.decode(index, as: type, of: "the acknowledgement")
    }

    /// An argument's JSON text as it came; nil if there is none.
    public func json(_ index: Int) -> String? { arguments.text(index) }
}

extension SocketIOAcknowledgement {
    /// From the payload of an acknowledgement packet: a JSON array.
    init(payload: ArraySlice<UInt8>, attachments: [[UInt8]]) throws(MalformedPacket) {
        arguments = ArgumentList(elements: try JSONArraySplitter.elements(of: payload))
        self.attachments = attachments
    }
}
