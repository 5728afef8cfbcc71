/// Finds the elements of a JSON array without decoding them.
///
/// Recognises only strings and nesting; whether an element is valid JSON is checked when it is decoded. Not
/// recursive, so depth costs nothing, and the number of elements is bounded, so that a message of commas
/// cannot use many times its size.
enum JSONArraySplitter {
    static let maximumElements = 1024

    /// The elements of the array in `text`, without surrounding white space.
    static func elements(of text: ArraySlice<UInt8>) throws(MalformedPacket) -> [ArraySlice<UInt8>] {
        let text = trimmed(text)
        guard text.count >= 2, text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else {
            throw .notAnArray
        }
        let inside = text.dropFirst().dropLast()
        if trimmed(inside).isEmpty { return [] }
        guard let commas = separators(in: inside) else { throw .notAnArray }
        guard commas.count < maximumElements else { throw .tooManyArguments(limit: maximumElements) }

        let starts = [inside.startIndex] + commas.map { $0 + 1 }
        let elements = zip(starts, commas + [inside.endIndex]).map { trimmed(inside[$0..<$1]) }
        guard elements.allSatisfy({ !$0.isEmpty }) else { throw .notAnArray }
        return elements
    }

    static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text = text.dropLast() }
        return text
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// Indices of the commas between elements, at most one more than allowed; nil if brackets or strings are
    /// not closed. Works on the raw buffer, because it examines every byte of messages of tens of megabytes.
    private static func separators(in text: ArraySlice<UInt8>) -> [Int]? {
        text.withUnsafeBufferPointer { bytes in
            var commas: [Int] = []
            var depth = 0
            var index = 0
            while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "\""):
                    guard let end = endOfString(in: bytes, from: index + 1) else { return nil }
                    index = end
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    depth -= 1
                    if depth < 0 { return nil }
                case UInt8(ascii: ",") where depth == 0:
                    commas.append(text.startIndex + index)
                    if commas.count >= maximumElements { return commas }
                default:
                    break
                }
                index += 1
            }
            return depth == 0 ? commas : nil
        }
    }

    /// The index of the quotation mark that closes the string beginning before `start`.
    private static func endOfString(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): return index
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }
}
