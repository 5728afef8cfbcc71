import Testing
import UnitTestSupport

@testable import Runner

@Suite final class LogTailTests: FolderTests {
    @Test func theEndOfALogIsOneLine() throws {
        let path = try write("first\n\n  second\t third 😀\n", to: "log")
        #expect(logTail(of: path, characters: 800) == "first second third 😀")
        #expect(logTail(of: path, characters: 7) == "third 😀")
        #expect(logTail(of: "\(folder)/missing", characters: 800) == "")
        let long = try write(String(repeating: "é", count: 10_000), to: "long")
        #expect(logTail(of: long, characters: 800) == String(repeating: "é", count: 800))
    }
}
