import HubProtocol

/// Writes many rows page by page, so that a long history is never in memory as a whole: as a JSON array, or
/// as a table whose columns fit the page.
struct Listing {
    private let isJSON: Bool
    private var table: Table
    private var text = JSONText()
    private(set) var count = 0

    /// - Parameter table: a table with columns but without rows.
    init(json: Bool, table: Table) {
        isJSON = json
        self.table = table
    }

    mutating func add(_ members: @autoclosure () -> JSONValue, row: @autoclosure () -> Table.Row) {
        if isJSON {
            text.add(count == 0 ? "[\n  " : ",\n  ")
            text.add(members(), depth: 1)
        } else {
            table.add(row())
        }
        count += 1
    }

    /// Writes the rows since the last page.
    mutating func endPage() {
        if isJSON { Output.bytes(text.take()[...]) } else if let page = table.page() { Output.line(page) }
    }

    /// - Parameter nothing: printed for people if there are no rows.
    mutating func finish(nothing: String) {
        if isJSON { text.add(count == 0 ? "[]\n" : "\n]\n") }
        endPage()
        if !isJSON, count == 0 { Output.line(nothing) }
    }
}
