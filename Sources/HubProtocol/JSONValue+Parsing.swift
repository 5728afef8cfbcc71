import FoundationEssentials

extension JSONValue {
    package struct ParsingError: Error, Equatable {
        /// The position in the document, in bytes.
        package let position: Int
        package let reason: String
    }

    /// Parses a JSON document of any size in one pass. `JSONDecoder` tries each type in turn for each value,
    /// which is too slow for documents of megabytes.
    package init(parsing bytes: [UInt8]) throws(ParsingError) {
        var parser = Parser(bytes: bytes)
        self = try parser.document()
    }
}

private struct Parser {
    let bytes: [UInt8]
    var position = 0
    var depth = 0

    /// Deeper than any document of our protocols.
    private static let deepest = 256

    init(bytes: [UInt8]) { self.bytes = bytes }

    func failure(_ reason: String) -> JSONValue.ParsingError { .init(position: position, reason: reason) }

    mutating func document() throws(JSONValue.ParsingError) -> JSONValue {
        let value = try value()
        skipSpace()
        guard position == bytes.count else { throw failure("something follows the document") }
        return value
    }

    private mutating func value() throws(JSONValue.ParsingError) -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw failure("the document ends early") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0a, 0x0d, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONValue.ParsingError)
        -> JSONValue
    {
        let length = text.utf8CodeUnitCount
        let matches =
            position + length <= bytes.count
            && text.withUTF8Buffer { $0.elementsEqual(bytes[position..<position + length]) }
        guard matches else { throw failure("not a value") }
        position += length
        return value
    }

    // MARK: Containers

    private mutating func deeper() throws(JSONValue.ParsingError) {
        position += 1
        depth += 1
        if depth > Self.deepest { throw failure("nested too deeply") }
    }

    private mutating func object() throws(JSONValue.ParsingError) -> JSONValue {
        try deeper()
        defer { depth -= 1 }
        var members: [String: JSONValue] = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw failure("a key is needed")
            }
            let key = try string()
            guard take(UInt8(ascii: ":")) else { throw failure("a colon is needed") }
            members.setMember(key, try value())
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure("the object is not closed") }
        return .object(members)
    }

    private mutating func array() throws(JSONValue.ParsingError) -> JSONValue {
        try deeper()
        defer { depth -= 1 }
        var values: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return .array(values) }
        repeat { values.append(try value()) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure("the list is not closed") }
        return .array(values)
    }

    // MARK: Strings

    private mutating func string() throws(JSONValue.ParsingError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return String(decoding: bytes[start..<position], as: UTF8.self)
            case UInt8(ascii: "\\"): return try escaped(Array(bytes[start..<position]))
            case 0..<0x20: throw failure("a control character in a string")
            default: position += 1
            }
        }
        throw failure("the string is not closed")
    }

    private mutating func escaped(_ beginning: [UInt8]) throws(JSONValue.ParsingError) -> String {
        var text = beginning
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(&text)
            case 0..<0x20: throw failure("a control character in a string")
            default: text.append(byte)
            }
        }
        throw failure("the string is not closed")
    }

    private mutating func escape(_ text: inout [UInt8]) throws(JSONValue.ParsingError) {
        guard position < bytes.count else { throw failure("the string is not closed") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try scalar()).utf8))
        default: throw failure("not an escape")
        }
    }

    /// An unpaired surrogate becomes U+FFFD, as in JavaScript.
    private mutating func scalar() throws(JSONValue.ParsingError) -> Unicode.Scalar {
        let replacement: Unicode.Scalar = "\u{fffd}"
        let high = try hex()
        guard (0xd800..<0xdc00).contains(high) else { return Unicode.Scalar(high) ?? replacement }
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { return replacement }
        let back = position
        position += 2
        let low = try hex()
        guard (0xdc00..<0xe000).contains(low) else {
            position = back
            return replacement
        }
        return Unicode.Scalar(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)) ?? replacement
    }

    private mutating func hex() throws(JSONValue.ParsingError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure("the string is not closed") }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("not a hexadecimal digit")
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    // MARK: Numbers

    private mutating func number() throws(JSONValue.ParsingError) -> JSONValue {
        let start = position
        var isWhole = true
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): break
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): isWhole = false
            default: return try number(bytes[start..<position], isWhole)
            }
            position += 1
        }
        return try number(bytes[start..<position], isWhole)
    }

    private func number(_ digits: ArraySlice<UInt8>, _ isWhole: Bool) throws(JSONValue.ParsingError)
        -> JSONValue
    {
        let text = String(decoding: digits, as: UTF8.self)
        let unsigned = digits.first == UInt8(ascii: "-") ? digits.dropFirst() : digits
        guard let lead = unsigned.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(lead),
            unsigned.count == 1 || lead != UInt8(ascii: "0") || !isWhole
        else { throw failure("not a value") }
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw failure("not a number") }
        // As `JSONDecoder` does, so that documents are equal however they were parsed.
        if let whole = Int64(exactly: value) { return .integer(whole) }
        // `.decimal` is for numbers that a `Double` would round.
        if let exact = Decimal(string: text), exact != Decimal(string: "\(value)") { return .decimal(exact) }
        return .number(value)
    }
}
