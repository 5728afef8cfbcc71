/// The members of an object by their keys' bytes.
///
/// To a `String` a composed and a decomposed `é` are the same key, to JSON they are two. The second of two such
/// keys is kept under its bytes, each that is not ASCII as a scalar of the last private plane, and written as
/// what it was. So every object comes out as it went in, and everything else reads a plain dictionary.
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

    /// Of two equal keys the last one holds.
    package init(members: some Sequence<(String, JSONValue)>) {
        self.init()
        for (key, value) in members { setMember(key, value) }
    }
}

extension Unicode.Scalar {
    /// The Kelvin sign is a K to a `String`, the Greek question mark a semicolon, and the varia a backtick.
    fileprivate var isTakenForASCII: Bool { [0x212A, 0x037E, 0x1FEF].contains(value) }
}

extension String {
    /// U+10FE80 to U+10FEFF stand for the bytes 0x80 to 0xFF, as in paths.
    private static let carrier: UInt32 = 0x10FE00

    fileprivate var carried: String {
        var text = ""
        for byte in utf8 {
            let scalar = Unicode.Scalar(byte < 0x80 ? UInt32(byte) : Self.carrier + UInt32(byte))
            if let scalar { text.unicodeScalars.append(scalar) }
        }
        return text
    }

    /// The key as it was read. A path that holds other bytes than text stays as it is carried.
    var writtenKey: String {
        // The first byte of every carrier, and rare in text.
        guard utf8.contains(0xF4) else { return self }
        let bytes = unicodeScalars.flatMap { scalar in
            (Self.carrier + 0x80...Self.carrier + 0xFF).contains(scalar.value)
                ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
        }
        return String(validating: bytes, as: UTF8.self) ?? self
    }
}
