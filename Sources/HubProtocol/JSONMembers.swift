/// Keeps members of an object apart by the bytes of their keys.
///
/// `String` considers a composed and a decomposed `é` equal, JSON does not. The second of two such keys is
/// stored with each non-ASCII byte mapped to a scalar of the last private plane, and mapped back when
/// written. So every object round-trips, and all other code uses a plain dictionary.
extension [String: JSONValue] {
    package mutating func setMember(_ key: String, _ value: JSONValue) {
        if key.utf8.allSatisfy({ $0 < 0x80 }) {
            self[key] = value
        } else if key.unicodeScalars.contains(where: \.isTakenForASCII) {
            self[key.carried] = value
        } else if let index = index(forKey: key), !self[index].key.utf8.elementsEqual(key.utf8) {
            self[key.carried] = value
        } else {
            self[key] = value
        }
    }

    /// The last of two equal keys wins.
    package init(members: some Sequence<(String, JSONValue)>) {
        self.init()
        for (key, value) in members { setMember(key, value) }
    }
}

extension Unicode.Scalar {
    /// `String` considers the Kelvin sign equal to K, the Greek question mark to a semicolon, and the varia
    /// to a backtick.
    fileprivate var isTakenForASCII: Bool { [0x212A, 0x037E, 0x1FEF].contains(value) }
}

extension String {
    /// U+10FE80 to U+10FEFF represent the bytes 0x80 to 0xFF, as in paths.
    private static let carrier: UInt32 = 0x10FE00

    fileprivate var carried: String {
        var text = ""
        for byte in utf8 {
            let scalar = Unicode.Scalar(byte < 0x80 ? UInt32(byte) : Self.carrier + UInt32(byte))
            if let scalar { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    /// The key as it was read. Mapped bytes that are not UTF-8 come from a path and stay mapped.
    var writtenKey: String {
        // 0xF4 is the first byte of every mapped scalar, and rare in text.
        guard utf8.contains(0xF4) else { return self }
        let bytes = unicodeScalars.flatMap { scalar in
            (Self.carrier + 0x80...Self.carrier + 0xFF).contains(scalar.value)
                ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
        }
        return String(validating: bytes, as: UTF8.self) ?? self
    }
}
