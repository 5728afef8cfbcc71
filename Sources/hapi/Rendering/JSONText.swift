import HubProtocol
import Processes

/// JSON as commands print it: each member on a line of its own, keys in order. A byte that is no text is shown
/// as `\\xff`.
struct JSONText {
    private(set) var bytes: [UInt8] = []

    init() {}

    init(_ value: JSONValue) { add(value, depth: 0) }

    /// - Parameter depth: how many levels deep the value stands in its document.
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

    mutating func add(_ text: String) { bytes += text.utf8 }

    mutating func indent(_ depth: Int) { bytes += repeatElement(0x20, count: 2 * depth) }

    /// Takes what is there.
    mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    private mutating func addQuoted(_ text: String) {
        add("\"")
        if text.carriesBytes {
            for scalar in text.unicodeScalars {
                if scalar.carriesByte {
                    add("\\" + scalar.byteInWords)
                } else {
                    addEscaped(String(scalar).utf8)
                }
            }
        } else {
            addEscaped(text.utf8)
        }
        add("\"")
    }

    private mutating func addEscaped(_ text: String.UTF8View) {
        for byte in text {
            switch byte {
            case 0x22: add("\\\"")
            case 0x5C: add("\\\\")
            case 0x0A: add("\\n")
            case 0x0D: add("\\r")
            case 0x09: add("\\t")
            case 0..<0x20: add("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
    }
}
