import HubProtocol

/// Many rows that are written as they come: a JSON array, or a table whose columns are as wide as a page of
/// them needs. A long history is never in memory as a whole.
struct Listing {
    private let isJSON: Bool
    private var table: Table
    private var text = JSONText()
    private(set) var count = 0

    /// - Parameter table: the columns, without rows.
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

    /// Writes what has come since the last page.
    mutating func endPage() {
        if isJSON { Output.bytes(text.take()[...]) } else if let page = table.page() { Output.line(page) }
    }

    /// - Parameter nothing: what people are told where there is no row.
    mutating func finish(nothing: String) {
        if isJSON { text.add(count == 0 ? "[]\n" : "\n]\n") }
        endPage()
        if !isJSON, count == 0 { Output.line(nothing) }
    }
}
