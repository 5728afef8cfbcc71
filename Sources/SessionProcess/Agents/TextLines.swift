/// Texts for people, cut and marked.
enum TextLines {
    /// The lines of a text, each behind a mark; none for no text. A line break at the end ends no further line.
    static func of(_ text: String?, mark: String = "") -> [String] {
        var lines = text?.split(separator: "\n", omittingEmptySubsequences: false).map { mark + $0 } ?? []
        if lines.last == mark { lines.removeLast() }
        return lines
    }
}

extension String {
    /// At most `count` characters, with a sign that there was more.
    func firstPart(of count: Int) -> String {
        self.count > count ? prefix(count - 1) + "…" : self
    }
}
