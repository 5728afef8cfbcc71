/// Columns as wide as their widest cell, two spaces apart.
struct Table {
    enum Colour: String {
        case green = "32"
        case yellow = "33"
        case red = "31"
        case dim = "2"
    }

    private let header: [String]
    private var rows: [[String]] = []
    private var colours: [[Int: Colour]] = []

    init(_ header: [String]) { self.header = header }

    mutating func add(_ row: [String], colours: [Int: Colour] = [:]) {
        rows.append(row.map(\.visible))
        self.colours.append(colours)
    }

    func rendered(colour: Bool = Output.usesColour) -> String {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        let lines = zip(rows, colours).map { row, colours in line(row, widths, colour ? colours : [:]) }
        let bold = line(header, widths, [:])
        return ([colour ? "\u{1b}[1m\(bold)\u{1b}[0m" : bold] + lines).joined(separator: "\n")
    }

    private func line(_ cells: [String], _ widths: [Int], _ colours: [Int: Colour]) -> String {
        cells.enumerated().map { index, cell in
            let padding =
                index == cells.count - 1 ? "" : String(repeating: " ", count: widths[index] - cell.count + 2)
            return (colours[index].map { "\u{1b}[\($0.rawValue)m\(cell)\u{1b}[0m" } ?? cell) + padding
        }.joined()
    }
}
