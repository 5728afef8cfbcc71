import Testing

@testable import Processes

@Suite struct ProcessStatusTests {
    /// Fields 4 to 24 of a line of `/proc/<pid>/stat`: the parent is 777, the start is 55501.
    private static let rest =
        "777 4211 4211 0 -1 4194560 1312 0 2 0 12 3 0 0 20 0 1 0 55501 5255168 812 18446744073709551615\n"

    static let names = [
        "sleep", "two words", "a (b) c", "))) S 1 2 3", ") Z 1", "((", "", " ", "new\nline", "a\tb", "naïve",
        "😀", ") S 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9", "\u{600}", "x\u{301}", "tmux: server",
    ]

    @Test(arguments: names)
    func theNameOfACommandMayHoldAnything(name: String) throws {
        let status = try #require(ProcessStatus(statLine: Array("4211 (\(name)) S \(Self.rest)".utf8)))
        #expect(status.identity == ProcessIdentity(pid: 4211, start: 55501))
        #expect(status.parent == 777)
        #expect(!status.isZombie)
    }

    @Test(arguments: [
        ("R", false), ("S", false), ("D", false), ("T", false), ("t", false), ("I", false), ("Z", true),
        ("X", true),
    ])
    func onlyTheDeadAreZombies(state: String, isZombie: Bool) throws {
        #expect(
            try #require(ProcessStatus(statLine: Array("1 (a) \(state) \(Self.rest)".utf8))).isZombie
                == isZombie)
    }

    @Test func aProcessWhoseFirstThreadHasEndedIsAlive() throws {
        let line = "1 (a) Z 777 4211 4211 0 -1 4194560 1312 0 2 0 12 3 0 0 20 0 2 0 55501 1"
        #expect(try #require(ProcessStatus(statLine: Array(line.utf8))).isZombie == false)
    }

    @Test(arguments: [
        "", "\n", "1", "1 (a", "1 (a)", "1 (a) S", "1 (a) S 1 2 3", "x (a) S \(rest)", "(a) S \(rest)",
        "1 (a) S parent 4211 4211 0 -1 4194560 1312 0 2 0 12 3 0 0 20 0 1 0 55501 1",
        "1 (a) S 777 4211 4211 0 -1 4194560 1312 0 2 0 12 3 0 0 20 0 1 0 start 1",
        "1 (a) S 777 4211 4211 0 -1 4194560 1312 0 2 0 12 3 0 0 20 0 1 0 99999999999999999999 1",
        "99999999999 (a) S \(rest)",
    ])
    func whatIsNoSuchLineIsRefused(line: String) {
        #expect(ProcessStatus(statLine: Array(line.utf8)) == nil)
    }

    @Test func theFirstProcessAndThisOneAreInTheTable() throws {
        let first = try #require(ProcessTable.status(of: 1))
        #expect(first.identity.pid == 1 && first.parent == 0)
        let all = ProcessTable.all().map(\.identity)
        #expect(all.contains(ProcessTable.current))
        #expect(all.contains(first.identity))
        #expect(Set(all.map(\.pid)).count == all.count)
    }

    @Test(arguments: [0, -1, Int32.max])
    func aPidOfNobodyHasNoStatus(pid: Int32) {
        #expect(ProcessTable.status(of: pid) == nil)
        #expect(ProcessTable.arguments(of: pid).isEmpty)
        #expect(ProcessTable.environmentValue("PATH", of: pid) == nil)
        #expect(ProcessTable.socketInodes(of: pid).isEmpty)
        #expect(!ProcessTable.isRunner(pid))
    }
}
