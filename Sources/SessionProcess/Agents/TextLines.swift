/// Splits text into marked lines, for people.
enum TextLines {
    /// The lines of a text, each prefixed with a mark; none for nil. A final newline does not begin another
    /// line.
    static func of(_ text: String?, mark: String = "") -> [String] {
        var lines = text?.split(separator: "\n", omittingEmptySubsequences: false).map { mark + $0 } ?? []
        if lines.last == mark { lines.removeLast() }
        return lines
    }
}

extension String {
    /// At most `count` characters, with an ellipsis if the text is longer.
    func firstPart(of count: Int) -> String {
        self.count > count ? prefix(count - 1) + "…" : self
    }
}
