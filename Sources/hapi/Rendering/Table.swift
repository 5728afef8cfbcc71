import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

/// Columns as wide as their widest cell, two spaces apart. In a terminal the table fits the screen: paths are
/// shortened in the middle and long texts at the end. Elsewhere nothing is shortened.
struct Table {
    enum Colour: String {
        case green = "32"
        case yellow = "33"
        case red = "31"
        case dim = "2"
    }

    /// How a column may be shortened.
    enum Fit { case path, text }

    struct Row {
        var cells: [String]
        var colours: [Int: Colour] = [:]
    }

    private let header: [String]
    private let fits: [Int: Fit]
    private var rows: [[String]] = []
    private var colours: [[Int: Colour]] = []
    /// The widths of the pages before this one; empty for the first.
    private var leastWidths: [Int] = []

    /// - Parameter fits: by column title; other columns are never shortened.
    init(_ header: [String], fits: [String: Fit] = [:]) {
        self.header = header
        self.fits = .init(
            uniqueKeysWithValues: header.enumerated().compactMap { index, title in
                fits[title].map { (index, $0) }
            })
    }

    mutating func add(_ row: [String], colours: [Int: Colour] = [:]) {
        rows.append(row.map(\.visible))
        self.colours.append(colours)
    }

    mutating func add(_ row: Row) { add(row.cells, colours: row.colours) }

    /// The rows since the last page, with the header on the first one; nil if there are none.
    mutating func page(screen: Int? = Output.screenWidth, colour: Bool = Output.usesColour) -> String? {
        guard !rows.isEmpty else { return nil }
        let isFirst = leastWidths.isEmpty
        leastWidths = layOut(screen)
        defer {
            rows.removeAll(keepingCapacity: true)
            colours.removeAll(keepingCapacity: true)
        }
        return ((isFirst ? [head(colour)] : []) + lines(colour)).joined(separator: "\n")
    }

    /// - Parameter screen: the terminal's width; nil if there is no terminal.
    func rendered(screen: Int? = Output.screenWidth, colour: Bool = Output.usesColour) -> String {
        var table = self
        table.leastWidths = table.layOut(screen)
        return ([table.head(colour)] + table.lines(colour)).joined(separator: "\n")
    }

    /// The widths of the columns, after paths have been shortened for a terminal.
    private mutating func layOut(_ screen: Int?) -> [Int] {
        if screen != nil { shortenHomes() }
        return widths(within: screen)
    }

    private func head(_ colour: Bool) -> String {
        let bold = line(header, leastWidths, [:])
        return colour ? "\u{1b}[1m\(bold)\u{1b}[0m" : bold
    }

    private func lines(_ colour: Bool) -> [String] {
        zip(rows, colours).map { row, colours in line(row, leastWidths, colour ? colours : [:]) }
    }

    private mutating func shortenHomes() {
        for (column, fit) in fits where fit == .path {
            for row in rows.indices { rows[row][column] = rows[row][column].tilded }
        }
    }

    private static let gap = 2
    private static let narrowest = 12

    private func widths(within screen: Int?) -> [Int] {
        var widths = header.indices.map { column in
            rows.reduce(max(header[column].cells, leastWidths.isEmpty ? 0 : leastWidths[column])) {
                max($0, $1[column].cells)
            }
        }
        guard let screen else { return widths }
        var excess = widths.reduce(0, +) + Self.gap * (widths.count - 1) - screen
        while excess > 0, let widest = fits.keys.max(by: { widths[$0] < widths[$1] }),
            widths[widest] > Self.narrowest
        {
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int], _ colours: [Int: Colour]) -> String {
        cells.enumerated().map { index, cell in
            let shown = shown(cell, fits[index], widths[index])
            let padding =
                index == cells.count - 1
                ? ""
                : String(
                    repeating: " ", count: widths[index] - shown.cells + Self.gap)
            return (colours[index].map { "\u{1b}[\($0.rawValue)m\(shown)\u{1b}[0m" } ?? shown) + padding
        }.joined()
    }

    private func shown(_ cell: String, _ fit: Fit?, _ width: Int) -> String {
        switch fit {
        case .path: cell.pathCut(to: width)
        case .text: cell.cut(to: width)
        case nil: cell
        }
    }
}
