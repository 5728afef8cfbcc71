/// The server's answer to `SocketIOConnection.emitWithAck`. Its arguments are decoded when asked for.
package struct SocketIOAcknowledgement: Equatable, Sendable {
    /// Binary parts, in order. In the arguments each stands as `{"_placeholder":true,"num":<its index>}`.
    package let attachments: [[UInt8]]
    let arguments: ArgumentList

    package var argumentCount: Int { arguments.elements.count }

    /// Decodes an argument; 0 is the first. Throws `undecodable`.
    package func argument<T: Decodable>(_ index: Int, as type: T.Type) throws(SocketIOError) -> T {
        try arguments.decode(index, as: type, of: "the acknowledgement")
    }

    /// An argument's JSON text as it came; nil if there is none.
    package func json(_ index: Int) -> String? { arguments.text(index) }
}

extension SocketIOAcknowledgement {
    /// From the payload of an acknowledgement packet: a JSON array.
    init(payload: ArraySlice<UInt8>, attachments: [[UInt8]]) throws(MalformedPacket) {
        arguments = ArgumentList(elements: try JSONArraySplitter.elements(of: payload))
        self.attachments = attachments
    }
}
