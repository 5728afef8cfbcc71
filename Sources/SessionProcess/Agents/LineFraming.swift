/// Splits a stream of bytes into lines, with bounded memory.
package struct LineFraming: Sendable {
    package enum Piece: Equatable, Sendable {
        case line([UInt8])
        /// A line longer than the limit was dropped.
        case dropped(bytes: Int)
    }

    /// Maximum length in bytes, without the newline.
    package static let longestLine = 20 << 20

    private let limit: Int
    private var partial: [UInt8] = []
    /// How many bytes of a line that is too long have been dropped so far; nil if none.
    private var dropping: Int?

    package init(limit: Int = longestLine) { self.limit = limit }

    package mutating func append(_ bytes: some Collection<UInt8>) -> [Piece] {
        var pieces: [Piece] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[..<end])
            pieces += finish()
            rest = rest[rest.index(after: end)...]
        }
        take(rest)
        return pieces
    }

    /// The last line, if it does not end with a newline.
    package mutating func finish() -> [Piece] {
        defer {
            partial.removeAll(keepingCapacity: partial.capacity <= 64 << 10)
            dropping = nil
        }
        if let dropping { return [.dropped(bytes: dropping)] }
        if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
        return partial.isEmpty ? [] : [.line(partial)]
    }

    private mutating func take(_ bytes: some Collection<UInt8>) {
        if let count = dropping {
            dropping = count + bytes.count
        } else if partial.count + bytes.count > limit {
            dropping = partial.count + bytes.count
            partial = []
        } else {
            partial.append(contentsOf: bytes)
        }
    }
}
