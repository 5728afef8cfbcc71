import Glibc
import Processes
import Testing
import UnitTestSupport

@testable import SessionProcess

@Suite final class GrowingFileTests: FolderTests {
    private static func append(_ text: String, to path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(file) }
        #expect(writeAll(file, Array(text.utf8)))
    }

    private static func lines(_ file: inout GrowingFile) -> [String] {
        var all: [String] = []
        while let lines = file.read() { all += lines.map { String(decoding: $0, as: UTF8.self) } }
        return all
    }

    @Test func wholeLinesComeOnceAsTheFileGrows() throws {
        let path = folder + "/file"
        var file = GrowingFile(path: path)
        #expect(file.read() == nil)
        Self.append("one\ntw", to: path)
        #expect(Self.lines(&file) == ["one"])
        Self.append("o\nthree\n", to: path)
        #expect(Self.lines(&file) == ["two", "three"])
        #expect(Self.lines(&file).isEmpty)
    }

    @Test func aFileThatIsReplacedOrCutIsReadAnew() throws {
        let path = folder + "/file"
        Self.append("one\nhalf", to: path)
        var file = GrowingFile(path: path)
        #expect(Self.lines(&file) == ["one"])
        try replaceFile(path, with: Array("another\n".utf8))
        #expect(Self.lines(&file) == ["another"])
        truncate(path, 0)
        Self.append("cut\n", to: path)
        #expect(Self.lines(&file) == ["cut"])
    }

    @Test func ofALongPastOnlyTheEndIsRead() throws {
        let path = folder + "/file"
        for number in 0..<100 { Self.append("line \(number)\n", to: path) }
        var file = GrowingFile(path: path)
        file.skip(toLast: 20)
        #expect(Self.lines(&file).last == "line 99")
        Self.append("new\n", to: path)
        #expect(Self.lines(&file) == ["new"])
    }
}
