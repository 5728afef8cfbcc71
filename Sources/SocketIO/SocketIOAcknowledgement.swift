/// The server's answer to `SocketIOConnection.emitWithAck`. Its arguments are decoded on demand.
package struct SocketIOAcknowledgement: Equatable, Sendable {
    /// Binary parts, in order. The arguments refer to them as `{"_placeholder":true,"num":<index>}`.
    package let attachments: [[UInt8]]
    let arguments: ArgumentList

    package var argumentCount: Int { arguments.elements.count }

    /// Decodes an argument; 0 is the first. Throws `undecodable`.
    package func argument<T: Decodable>(_ index: Int, as type: T.Type) throws(SocketIOError) -> T {
        try arguments.decode(index, as: type, of: "the acknowledgement")
    }

    /// An argument's JSON text, unmodified; nil if there is none.
    package func json(_ index: Int) -> String? { arguments.text(index) }
}

extension SocketIOAcknowledgement {
    /// From the payload of an acknowledgement packet: a JSON array.
    init(payload: ArraySlice<UInt8>, attachments: [[UInt8]]) throws(MalformedPacket) {
        arguments = ArgumentList(elements: try JSONArraySplitter.elements(of: payload))
        self.attachments = attachments
    }
}
