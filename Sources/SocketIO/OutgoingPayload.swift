import FoundationEssentials

/// Builds the JSON arrays of events and acknowledgements.
enum OutgoingPayload {
    /// `["name"]`.
    static func event(_ name: String) throws(SocketIOError) -> ArraySlice<UInt8> {
        try array([json(name, of: "an event's name")])
    }

    /// `["name",argument]`.
    static func event(_ name: String, _ argument: some Encodable) throws(SocketIOError) -> ArraySlice<UInt8> {
        try array([json(name, of: "an event's name"), json(argument, of: "the argument of \(name)")])
    }

    /// `[argument]`.
    static func acknowledgement(
        _ argument: some Encodable, of event: String
    ) throws(SocketIOError) -> ArraySlice<UInt8> {
        try array([json(argument, of: "the acknowledgement of \(event)")])
    }

    private static func json(_ value: some Encodable, of what: String) throws(SocketIOError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        do {
            return try encoder.encode(value)
        } catch {
            throw .unencodable(what: what, reason: CodingFailure.words(for: error))
        }
    }

    private static func array(_ elements: [Data]) -> ArraySlice<UInt8> {
        var text: [UInt8] = []
        text.reserveCapacity(elements.reduce(2) { $0 + $1.count + 1 })
        text.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: element)
        }
        text.append(UInt8(ascii: "]"))
        return text[...]
    }
}
