/// Whether a text has the form of a UUID.
func isUUID(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    return parts.map(\.count) == [8, 4, 4, 4, 12]
        && parts.allSatisfy { $0.allSatisfy { Character(UnicodeScalar($0)).isHexDigit } }
}

/// A UUID derived from a text.
func uuid(from text: String) -> String {
    // FNV-1a, twice. Not cryptographic, which is not needed here.
    var high: UInt64 = 0xcbf2_9ce4_8422_2325
    var low: UInt64 = 0x8422_2325_cbf2_9ce4
    for byte in text.utf8 {
        high = (high ^ UInt64(byte)) &* 0x100_0000_01b3
        low = (low &* 0x100_0000_01b3) ^ UInt64(byte)
    }
    high = high & 0xffff_ffff_ffff_0fff | 0x4000
    low = low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    func hex(_ value: UInt64, _ digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    let (first, last) = (hex(high, 16), hex(low, 16))
    return [
        first.prefix(8), first.dropFirst(8).prefix(4), first.dropFirst(12), last.prefix(4), last.dropFirst(4),
    ]
    .joined(separator: "-")
}
