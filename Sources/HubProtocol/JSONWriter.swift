/// Writes a JSON value with its keys in byte order. `JSONEncoder` would merge keys that differ only in their
/// bytes.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let isPretty: Bool

    init(_ value: JSONValue, pretty: Bool) {
        isPretty = pretty
        add(value, depth: 0)
    }

    private mutating func add(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: add("null")
        case .bool(let value): add(value ? "true" : "false")
        case .integer(let value): add("\(value)")
        // JSON has no infinities and no NaN; JavaScript writes them as null too.
        case .number(let value): add(value.isFinite ? "\(value)" : "null")
        case .decimal(let value): add("\(value)")
        case .string(let value): addQuoted(value)
        case .array(let values):
            addList(values, "[", "]", depth) { writer, value in writer.add(value, depth: depth + 1) }
        case .object(let members):
            let members = members.map { ($0.key.writtenKey, $0.value) }
                .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
            addList(members, "{", "}", depth) { writer, member in
                writer.addQuoted(member.0)
                writer.add(writer.isPretty ? " : " : ":")
                writer.add(member.1, depth: depth + 1)
            }
        }
    }

    private mutating func addList<T>(
        _ elements: [T], _ begin: String, _ end: String, _ depth: Int, _ add: (inout JSONWriter, T) -> Void
    ) {
        self.add(begin)
        for (index, element) in elements.enumerated() {
            if index > 0 { self.add(",") }
            breakLine(depth + 1)
            add(&self, element)
        }
        if !elements.isEmpty { breakLine(depth) }
        self.add(end)
    }

    private mutating func breakLine(_ depth: Int) {
        guard isPretty else { return }
        add("\n")
        bytes += repeatElement(0x20, count: 2 * depth)
    }

    private mutating func add(_ text: String) { bytes += text.utf8 }

    private mutating func addQuoted(_ text: String) {
        add("\"")
        for byte in text.utf8 {
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
        add("\"")
    }
}
