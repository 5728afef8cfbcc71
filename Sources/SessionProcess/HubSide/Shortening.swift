import HubProtocol

extension JSONValue {
    /// In bytes. The hub silently cuts strings over 64 KiB; a string cut here says so.
    static let longestString = 60 << 10

    /// A copy with all strings shortened to what the hub accepts.
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
    /// If the text is longer than this many bytes, its beginning and end, cut at line ends if any are near,
    /// with a line in between that says how much is left out.
    func shortened(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let bytes = Array(utf8)
        var head = limit * 3 / 4
        var tail = bytes.count - limit / 5
        let newline = UInt8(ascii: "\n")
        if let end = bytes[(head - head / 4)..<head].lastIndex(of: newline) { head = end }
        if let start = bytes[tail..<(tail + limit / 20)].firstIndex(of: newline) { tail = start + 1 }
        // Moves the cuts to character boundaries.
        while head > 0, bytes[head] & 0xc0 == 0x80 { head -= 1 }
        while tail < bytes.count, bytes[tail] & 0xc0 == 0x80 { tail += 1 }
        return String(decoding: bytes[..<head], as: UTF8.self)
            + "\n… \(tail - head) bytes left out …\n" + String(decoding: bytes[tail...], as: UTF8.self)
    }
}
