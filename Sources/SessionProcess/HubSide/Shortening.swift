import HubProtocol

extension JSONValue {
    /// The hub cuts strings over 64 KiB; cut here, a string says so itself.
    static let longestString = 60 << 10

    /// All strings in it cut to what the hub takes.
    var shortened: JSONValue {
        switch self {
        case .string(let text): .string(text.shortened(to: Self.longestString))
        case .array(let values): .array(values.map(\.shortened))
        case .object(let members): .object(members.mapValues(\.shortened))
        default: self
        }
    }
}

extension String {
    /// The beginning and the end of a text that is longer than so many bytes, cut at line ends if they
    /// are near, with a line between them that says how much is left out.
    func shortened(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let bytes = Array(utf8)
        var head = limit * 3 / 4
        var tail = bytes.count - limit / 5
        let newline = UInt8(ascii: "\n")
        if let end = bytes[(head - head / 4)..<head].lastIndex(of: newline) { head = end }
        if let start = bytes[tail..<(tail + limit / 20)].firstIndex(of: newline) { tail = start + 1 }
        // Not in the middle of a character.
        while head > 0, bytes[head] & 0xc0 == 0x80 { head -= 1 }
        while tail < bytes.count, bytes[tail] & 0xc0 == 0x80 { tail += 1 }
        return String(decoding: bytes[..<head], as: UTF8.self)
            + "\n… \(tail - head) bytes left out …\n" + String(decoding: bytes[tail...], as: UTF8.self)
    }
}
