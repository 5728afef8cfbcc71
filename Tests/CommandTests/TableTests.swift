import Testing

@testable import Home
@testable import HubClient
@testable import Processes
@testable import hapi

/// Text in cells, and tables on a narrow screen.
@Suite struct TableTests {
    @Test(arguments: [
        ("abc", 3), ("日本語", 6), ("한글", 4), ("🚀", 2), ("👩‍👩‍👧", 2), ("🇩🇪", 2), ("e\u{301}", 1), ("ｆｕｌｌ", 8),
        ("❤️", 2), ("", 0),
    ])
    func textIsMeasuredAsATerminalShowsIt(text: String, cells: Int) {
        #expect(text.cells == cells)
    }

    @Test(arguments: [
        ("/home/ada/work/customers/acme/webshop", 22, "/home/…/acme/webshop"),
        ("/home/ada/work/customers/acme/webshop", 17, "/home/…/webshop"),
        ("/home/ada/work/a-very-long-name-indeed", 12, "…name-indeed"),
        ("~/work/project", 14, "~/work/project"), ("~/work/some/project", 14, "~/…/project"),
    ])
    func aPathIsShortenedInTheMiddle(path: String, width: Int, shown: String) {
        #expect(path.pathCut(to: width) == shown)
        #expect(path.pathCut(to: width).cells <= width)
    }

    private var table: Table {
        var table = Table(["NAME", "HOW", "DIRECTORY"], fits: ["HOW": .text, "DIRECTORY": .path])
        table.add(["日本", String(repeating: "why ", count: 20), "/srv/repositories/customers/acme/webshop"])
        table.add(["plain", "exited with 0", "/srv/x"])
        return table
    }

    @Test(arguments: [40, 60, 80, 100]) func aTableFitsTheScreen(width: Int) {
        let lines = table.rendered(screen: width, colour: false).split(separator: "\n").map(String.init)
        #expect(lines.allSatisfy { $0.cells <= width }, "\(lines)")
        #expect(lines[1].contains("…") && lines[1].hasSuffix("/webshop"))
    }

    @Test func inAPipeNothingIsCutAndColumnsStandUnderEachOther() {
        let lines = table.rendered(screen: nil, colour: false).split(separator: "\n").map(String.init)
        #expect(lines[1].hasSuffix("/srv/repositories/customers/acme/webshop") && !lines[1].contains("…"))
        #expect(lines[1].hasPrefix("日本   why") && lines[2].hasPrefix("plain  exited"))
    }

    @Test func pagesShareAHeaderAndKeepTheWidthsOfBefore() {
        var table = Table(["NAME", "ID"])
        #expect(table.page(screen: nil, colour: false) == nil)
        table.add(["a-long-name", "1"])
        #expect(table.page(screen: nil, colour: false) == "NAME         ID\na-long-name  1")
        table.add(["b", "2"])
        table.add(["a-longer-name", "3"])
        #expect(table.page(screen: nil, colour: false) == "b              2\na-longer-name  3")
        table.add(["c", "4"])
        #expect(table.page(screen: nil, colour: false) == "c              4")
    }
}
