/// Interprets bytes typed in a terminal in raw mode.
package struct LineEditor: Sendable {
    package enum Key: Equatable, Sendable {
        /// A finished line.
        case line(String)
        /// A key typed on an empty line. It may be a decision, and is not part of the line yet.
        case first(Character)
        case interrupt
        /// Ctrl-D on an empty line, or the detach key.
        case detach
        case changed
    }

    package private(set) var text = ""
    private var partial: [UInt8] = []
    private var escape: [UInt8]?
    private var isPasting = false
    /// In bytes; a longer line is a mistake.
    private static let limit = 1 << 20

    package init() {}

    /// - Parameter asksFirst: whether to report a first key instead of inserting it.
    package mutating func type(_ bytes: some Sequence<UInt8>, asksFirst: Bool) -> [Key] {
        bytes.compactMap { take($0, asksFirst: asksFirst) }
    }

    package mutating func insert(_ character: Character) {
        if text.utf8.count < Self.limit { text.append(character) }
    }

    package mutating func clear() { text = "" }

    private mutating func take(_ byte: UInt8, asksFirst: Bool) -> Key? {
        if escape != nil { return takeEscape(byte) }
        switch byte {
        case 0x1b:
            escape = []
            return nil
        case 0x0d, 0x0a:
            if isPasting {
                insert("\n")
                return .changed
            }
            defer { clear() }
            return .line(text)
        case 0x03: return .interrupt
        case 0x04: return text.isEmpty ? .detach : nil
        case 0x1c, 0x1d: return .detach
        case 0x7f, 0x08:
            if !text.isEmpty { text.removeLast() }
            return .changed
        case 0x15:
            clear()
            return .changed
        case 0x17:
            while text.last?.isWhitespace == true { text.removeLast() }
            while let last = text.last, !last.isWhitespace { text.removeLast() }
            return .changed
        case 0x09: return takeText(0x20, asksFirst: asksFirst)
        case 0..<0x20: return nil
        default: return takeText(byte, asksFirst: asksFirst)
        }
    }

    private mutating func takeText(_ byte: UInt8, asksFirst: Bool) -> Key? {
        partial.append(byte)
        guard let character = String(validating: partial, as: UTF8.self) else {
            if partial.count >= 4 { partial = [] }
            return nil
        }
        partial = []
        guard let character = character.first else { return nil }
        if asksFirst && text.isEmpty && !isPasting { return .first(character) }
        insert(character)
        return .changed
    }

    /// Ignores escape sequences, except for the marks around pasted text.
    private mutating func takeEscape(_ byte: UInt8) -> Key? {
        var sequence = escape ?? []
        sequence.append(byte)
        escape = sequence
        let opens = sequence.count == 1 && (byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O"))
        guard !opens, sequence.count > 16 || sequence.count == 1 || (0x40...0x7e).contains(byte) else {
            return nil
        }
        escape = nil
        if sequence == Array("[200~".utf8) { isPasting = true }
        if sequence == Array("[201~".utf8) { isPasting = false }
        return nil
    }
}
