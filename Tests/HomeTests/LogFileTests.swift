import Glibc
import Logging
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Processes

@Suite final class LogFileTests: FolderTests {
    private func logger() throws -> Logger {
        let sink = try LogSink(path: "\(folder)/log")
        return Logger(label: "test") { _ in LogFile(sink) }
    }

    private var lines: [Substring] {
        (text(of: "log") ?? "").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    }

    @Test func aLineHasTimeLevelMessageAndMetadataInOrder() throws {
        var logger = try logger()
        logger[metadataKey: "session"] = "s"
        logger.info("session ended", metadata: ["pid": "7", "how": "exited with code 3"])
        let line = try #require(lines.first)
        let form =
            /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info session ended how=exited with code 3 pid=7 session=s/
        #expect(line.wholeMatch(of: form) != nil)
        #expect(mode(of: "log") == 0o600)
    }

    @Test(arguments: ["\n", "\r\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"])
    func nothingBreaksALine(newline: String) throws {
        let logger = try logger()
        logger.info("a\(newline)b", metadata: ["key\(newline)": "value\(newline)2026 info forged"])
        logger.info("next")
        #expect(lines.count == 2)
        #expect(lines.first?.contains { $0.isNewline } == false)
        #expect(lines.first?.contains("a\(newline)b".visible) == true)
    }

    @Test func whatIsBelowItsLevelIsNotWritten() throws {
        let logger = try logger()
        logger.debug("quiet")
        #expect(lines.isEmpty)
    }

    @Test func aLogIsAppendedTo() throws {
        try logger().info("one")
        try logger().info("two")
        #expect(lines.count == 2)
    }

    @Test func linesOfManyThreadsAreWhole() async throws {
        let logger = try logger()
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask {
                    for _ in 0..<50 { logger.info("\(String(repeating: "\(index)", count: 300))") }
                }
            }
        }
        #expect(lines.count == 400)
        let messages = lines.compactMap { $0.split(separator: " ").last }
        #expect(messages.allSatisfy { $0.count == 300 && Set($0).count == 1 })
    }

    @Test func aLogThatCannotBeOpenedIsAnErrorThatNamesIt() {
        let error = #expect(throws: FileError.self) { try LogSink(path: "\(self.folder)/missing/log") }
        #expect(error?.description == "cannot open the log \(folder)/missing/log: No such file or directory")
    }
}
