import Glibc
import Testing
import UnitTestSupport

@testable import Processes

@Suite final class LogBoundTests: FolderTests {
    private static let bound = LogBound(limit: 1 << 20, head: 128 << 10, tail: 256 << 10)

    private func writeLog(_ size: Int) throws -> String {
        let path = try write("", to: "log")
        let line = Array("0123456789abcde\n".utf8)
        let body = (0..<size / 16).flatMap { _ in line }
        try replaceFile(path, with: Array("first line, 16 \n".utf8) + body + Array("last line\n".utf8))
        return path
    }

    @Test func aLogWithinItsBoundIsNotTouched() throws {
        let path = try writeLog(1 << 19)
        let before = readFile(path)
        Self.bound.apply(to: path)
        #expect(readFile(path) == before)
    }

    @Test func beyondItsBeginningAndEndStay() throws {
        let path = try writeLog(5 << 20)
        Self.bound.apply(to: path)
        let text = try #require(readFile(path).map { String(decoding: $0, as: UTF8.self) })
        #expect(text.utf8.count <= 1 << 20 && text.utf8.count >= (128 + 256) << 10)
        #expect(text.hasPrefix("first line") && text.hasSuffix("last line\n"))
        #expect(text.contains("\n[the middle of this log was cut out]\n"))
    }

    /// A writer in append mode continues at the new end.
    @Test func aWriterGoesOnAtTheEnd() throws {
        let path = try writeLog(2 << 20)
        let writer = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        defer { close(writer) }
        for round in 0..<5 {
            Self.bound.apply(to: path)
            #expect(
                writeAll(writer, Array("round \(round)\n".utf8) + [UInt8](repeating: 0x2e, count: 1 << 20)))
        }
        Self.bound.apply(to: path)
        let text = try #require(readFile(path).map { String(decoding: $0, as: UTF8.self) })
        #expect(text.utf8.count <= 1 << 20 && text.hasSuffix("...") && text.hasPrefix("first line"))
        #expect(!text.utf8.contains(0))
    }

    @Test func aLinkIsNotFollowed() throws {
        let path = try writeLog(2 << 20)
        try link("other", to: path)
        let before = readFile(path)
        Self.bound.apply(to: "\(folder)/other")
        #expect(readFile(path) == before)
    }
}
