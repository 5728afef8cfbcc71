import FoundationEssentials

extension SocketIOPacket {
    /// Parses the header only. Ids and counts must be parsed before the JSON, because nothing separates them
    /// (`2/room,12["name"]`).
    init(decoding bytes: ArraySlice<UInt8>) throws(MalformedPacket) {
        guard let type = bytes.first else { throw .empty }
        guard let kind = Kind(rawValue: type) else { throw .unknownType(type) }
        var cursor = HeaderCursor(rest: bytes.dropFirst())
        self.kind = kind
        if kind.isBinary { attachmentCount = try cursor.readAttachmentCount() }
        if let name = cursor.readNamespace() { namespace = name }
        if kind != .connectError { id = try cursor.readNumber() }
        payload = cursor.rest
    }
}

extension SocketIOPacket {
    /// The message of a CONNECT_ERROR: `{"message":"…"}`, or just a string from older servers.
    func refusal() throws(MalformedPacket) -> String {
        struct Refusal: Decodable { let message: String }
        let json = Data(payload)
        // If this fails, it has the other form.
        if let refusal = try? JSONDecoder().decode(Refusal.self, from: json) { return refusal.message }
        if let text = try? JSONDecoder().decode(String.self, from: json) { return text }
        throw .unexpectedPayload
    }
}

/// Consumes the parts of a packet's header from the front.
private struct HeaderCursor {
    var rest: ArraySlice<UInt8>

    mutating func readAttachmentCount() throws(MalformedPacket) -> Int {
        guard let count = try readNumber(), rest.first == UInt8(ascii: "-") else {
            throw .missingAttachmentCount
        }
        rest = rest.dropFirst()
        guard count <= SocketIOPacket.maximumAttachments else { throw .tooManyAttachments(count) }
        return count
    }

    /// A namespace may be followed by a query (`/room?a=b,`), which is not part of its name.
    mutating func readNamespace() -> String? {
        guard rest.first == UInt8(ascii: "/") else { return nil }
        let text = rest.prefix { $0 != UInt8(ascii: ",") }
        rest = rest[text.endIndex...].dropFirst()
        return String(decoding: text.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
    }

    mutating func readNumber() throws(MalformedPacket) -> Int? {
        var value: Int?
        while let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            let (product, overflow) = (value ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { throw .numberTooLarge }
            value = sum
            rest = rest.dropFirst()
        }
        return value
    }
}
