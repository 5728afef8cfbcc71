import Glibc
import Testing
import UnitTestSupport

@testable import Processes
@testable import Runner

/// What to do about the program on disk.
@Suite final class RenewalVerdictTests: FolderTests {
    private static let (running, newer, newest) = (print(1), print(2), print(3))

    private static func print(_ inode: UInt64) -> FilePrint {
        FilePrint(device: 1, inode: inode, size: 10, modified: 5)
    }

    struct Case: Sendable {
        var running: FilePrint? = RenewalVerdictTests.running
        var found: FilePrint?
        var seen: FilePrint?
        var failed: FilePrint?
        var retry = false
        var verdict: RenewalVerdict
    }

    static let table: [Case] = [
        Case(found: running, seen: running, verdict: .stay),
        Case(found: nil, seen: nil, verdict: .stay),
        Case(running: nil, found: newer, seen: newer, verdict: .stay),
        Case(found: newer, seen: nil, verdict: .wait),
        Case(found: newer, seen: running, verdict: .wait),
        Case(found: newest, seen: newer, verdict: .wait),
        Case(found: newer, seen: newer, verdict: .prove),
        // The old program was installed again meanwhile.
        Case(found: running, seen: newer, verdict: .stay),
        Case(found: newer, seen: newer, failed: newer, verdict: .stay),
        Case(found: newer, seen: nil, failed: newer, verdict: .stay),
        Case(found: newer, seen: newer, failed: newer, retry: true, verdict: .prove),
        Case(found: newest, seen: newest, failed: newer, verdict: .prove),
        Case(found: newest, seen: newer, failed: newer, verdict: .wait),
    ]

    @Test(arguments: table) func onlyAnotherProgramThatStaysAsItIsIsAskedToProveItself(_ example: Case) {
        let failed = example.failed.map { ($0, retry: example.retry) }
        let verdict = RenewalVerdict.on(
            running: example.running, found: example.found, seen: example.seen, failed: failed)
        #expect(verdict == example.verdict)
    }

    @Test func aFileIsAnotherWhenItIsWrittenOrReplaced() throws {
        let path = "\(folder)/program"
        #expect(FilePrint(path) == nil && FilePrint(folder) == nil)
        try replaceFile(path, with: [])
        #expect(FilePrint(path) == nil)
        try replaceFile(path, with: [1])
        let first = try #require(FilePrint(path))
        #expect(FilePrint(path) == first)
        try replaceFile("\(folder)/other", with: [1])
        #expect(rename("\(folder)/other", path) == 0)
        #expect(FilePrint(path) != first)
        let second = try #require(FilePrint(path))
        try #require(utimes(path, [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]) == 0)
        #expect(FilePrint(path) != second)
    }
}
