import FoundationEssentials

/// Assigns ids to streamed text. A piece gets the id of the previous one unless something else came between
/// them. A long text continues under a new id, so that no passage grows without limit.
struct TextSegments: Sendable {
    /// In bytes. Less than the length at which the hub cuts.
    static let longest = 40 << 10

    /// Unique to this process, because the hub keeps only the newest text for an id.
    private let prefix: String
    private var count = 0
    private var open: (kind: Passage.Kind, key: String?, id: String, length: Int)?

    init(prefix: String = UUID().uuidString.lowercased()) { self.prefix = prefix }

    /// - Parameter key: the agent's own id of the text, if there is one.
    mutating func passages(_ kind: Passage.Kind, key: String?, _ text: String) -> [Passage] {
        guard !text.isEmpty else { return [] }
        var passages: [Passage] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            if let open, open.kind != kind || open.key != key || open.length >= Self.longest {
                self.open = nil
            }
            if open == nil {
                count += 1
                open = (kind, key, "\(prefix)-\(count)", 0)
            }
            guard let segment = open else { break }
            let piece = rest.prefix(bytes: Self.longest - segment.length)
            open?.length += piece.utf8.count
            passages.append(Passage(id: segment.id, kind: kind, extent: .chunk, text: String(piece)))
            rest = rest[piece.endIndex...]
        }
        return passages
    }

    /// Something else came in between; the next piece gets a new id.
    mutating func interrupt() { open = nil }
}

extension Substring {
    /// As many characters as fit, but at least one.
    fileprivate func prefix(bytes limit: Int) -> Substring {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: Swift.max(limit, 1))
        // Back to the beginning of a Unicode scalar. A grapheme cluster may be split.
        while end > startIndex, UTF8.isContinuation(utf8[end]) { end = utf8.index(before: end) }
        return self[..<(end > startIndex ? end : index(after: startIndex))]
    }
}
