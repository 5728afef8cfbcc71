/// An event from the server. Its arguments are decoded on demand.
package struct SocketIOEvent: Equatable, Sendable {
    package let name: String
    /// Set if the server expects an acknowledgement; see `SocketIOConnection.acknowledge`.
    package let acknowledgementID: Int?
    /// Binary parts, in order. The arguments refer to them as `{"_placeholder":true,"num":<index>}`.
    package let attachments: [[UInt8]]
    let arguments: ArgumentList

    /// The number of arguments after the name.
    package var argumentCount: Int { arguments.elements.count }

    /// Decodes an argument; 0 is the first after the name. Throws `undecodable`.
    package func argument<T: Decodable>(_ index: Int, as type: T.Type) throws(SocketIOError) -> T {
        try arguments.decode(index, as: type, of: "the event \(name)")
    }

    /// An argument's JSON text, unmodified; nil if there is none.
    package func json(_ index: Int) -> String? { arguments.text(index) }
}

extension SocketIOEvent {
    /// From the payload of an event packet: a JSON array whose first element is the name.
    init(payload: ArraySlice<UInt8>, id: Int?, attachments: [[UInt8]]) throws(MalformedPacket) {
        let elements = try JSONArraySplitter.elements(of: payload)
        guard elements.first?.first == UInt8(ascii: "\"") else { throw .missingEventName }
        do {
            name = try ArgumentList(elements: elements).decode(0, as: String.self, of: "an event")
        } catch {
            throw .missingEventName
        }
        acknowledgementID = id
        arguments = ArgumentList(elements: Array(elements.dropFirst()))
        self.attachments = attachments
    }

    /// The approximate memory of the event in bytes, for limits of queues.
    package var footprint: Int {
        attachments.reduce(arguments.footprint + name.utf8.count) { $0 + $1.count + 64 }
    }
}
