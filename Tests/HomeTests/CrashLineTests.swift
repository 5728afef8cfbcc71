import Testing
import UnitTestSupport

@testable import Home

@Suite final class CrashLineTests: FolderTests {
    private static let crash =
        "2026-01-31T08:15:30.123Z critical crashed signal=SIGSEGV address=0x10 thread=1"

    static let lines: [(String, String?)] = [
        (crash, "SIGSEGV"), ("\(crash)\n", "SIGSEGV"), ("a\nb\n\(crash)\n2026 info later", "SIGSEGV"),
        ("\(crash)\n2026 critical crashed signal=SIGABRT address=0x0", "SIGABRT"),
        ("", nil), ("\n\n", nil), ("2026 info stopped", nil), ("2026 critical crashed", nil),
        ("2026 info session says critical crashed signal=SIGSEGV", nil),
        ("2026 critical crashed signal=9", nil), ("2026 critical crashed signal=SIG;rm x", nil),
        ("2026 critical crashed SIGSEGV x", nil),
    ]

    @Test(arguments: lines) func theLastCrashIsTold(text: String, signal: String?) throws {
        #expect(CrashLine.signal(inLines: text) == signal)
        #expect(CrashLine.signal(inLog: try write(text, to: "log")) == signal)
    }

    @Test func onlyTheEndOfALogIsRead() throws {
        let filler = String(repeating: "2026 info nothing new\n", count: 10_000)
        #expect(CrashLine.signal(inLog: try write("\(filler)\(Self.crash)\n", to: "log")) == "SIGSEGV")
        #expect(CrashLine.signal(inLog: try write("\(Self.crash)\n\(filler)", to: "log")) == nil)
        #expect(CrashLine.signal(inLog: "\(folder)/none") == nil)
    }
}
