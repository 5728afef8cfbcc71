import HubProtocol
import Processes

/// JSON in the commands' format: one member per line, sorted keys. A byte that is not text is shown as
/// `\\xff`.
struct JSONText {
    private(set) var bytes: [UInt8] = []

    init() {}

    init(_ value: JSONValue) { add(value, depth: 0) }

    /// - Parameter depth: the nesting level of the value in its document.
    mutating func add(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: add("null")
        case .bool(let value): add(value ? "true" : "false")
        case .integer(let value): add("\(value)")
        case .number(let value): add("\(value)")
        case .decimal(let value): add("\(value)")
        case .string(let value): addQuoted(value)
        case .array(let values):
            addList(values, "[", "]", depth) { text, value in text.add(value, depth: depth + 1) }
        case .object(let members):
            addList(members.sorted { $0.key < $1.key }, "{", "}", depth) { text, member in
                text.addQuoted(member.key)
                text.add(" : ")
                text.add(member.value, depth: depth + 1)
            }
        }
    }

    private mutating func addList<T>(
        _ elements: [T], _ begin: String, _ end: String, _ depth: Int,
        _ add: (inout JSONText, T) -> Void
    ) {
        self.add(begin)
        for (index, element) in elements.enumerated() {
            self.add(index == 0 ? "\n" : ",\n")
            indent(depth + 1)
            add(&self, element)
        }
        if !elements.isEmpty {
            self.add("\n")
            indent(depth)
        }
        self.add(end)
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    mutating func indent(_ depth: Int) { bytes += repeatElement(0x20, count: 2 * depth) }

    /// Removes and returns the text so far.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    private mutating func addQuoted(_ text: String) {
        add("\"")
        var text = text
        // The fast path for nearly all texts.
        let isPlain = text.withUTF8 { utf8 in
            guard utf8.allSatisfy(Self.isPlain) else { return false }
            bytes.append(contentsOf: utf8)
            return true
        }
        if !isPlain { for scalar in text.unicodeScalars { addEscaped(scalar) } }
        add("\"")
    }

    /// Whether JSON does not escape the byte, and it does not begin a mapped scalar.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x22 && byte != 0x5C && byte != 0xF4
    }

    private mutating func addEscaped(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": add("\\\"")
        case "\\": add("\\\\")
        case "\n": add("\\n")
        case "\r": add("\\r")
        case "\t": add("\\t")
        case _ where scalar.value < 0x20:
            add("\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16))
        case _ where scalar.carriesByte: add("\\" + scalar.byteInWords)
        default: add(String(scalar))
        }
    }
}
