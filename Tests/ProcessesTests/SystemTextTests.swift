import Glibc
import Testing
import UnitTestSupport

@testable import Processes

@Suite final class SystemTextTests: FolderTests {
    static let samples: [[UInt8]] = [
        [], Array("plain, é, 日本, 👩‍💻".utf8), [0xff], [0x61, 0xff, 0x62], [0xc3], [0xe2, 0x82],
        [0xed, 0xa0, 0x80], [0xc0, 0xaf], Array("\u{10FE90}".utf8), Array("e\u{301}".utf8) + [0x80],
        [0xf4, 0x90, 0x80, 0x80], Array("\u{10FFFF}".utf8),
    ]

    @Test(arguments: samples)
    func whateverTheBytesTheyComeOutAsTheyWentIn(bytes: [UInt8]) {
        let text = String(systemBytes: bytes)
        #expect(text.systemBytes == bytes)
        #expect(
            text.withSystemText { Array(UnsafeBufferPointer(start: $0, count: strlen($0))) }.count
                == bytes.count)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func soDoRandomBytes(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        // Bytes of mapped scalars, so that some come out complete.
        let parts: [UInt8] = [0xf4, 0x8f, 0xb9, 0xba, 0xbb, 0x80, 0xbf, 0xc3, 0xe2, 0x41]
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...12, using: &numbers)).map { _ in
                parts[Int.random(in: 0..<parts.count, using: &numbers)]
            }
            #expect(String(systemBytes: bytes).systemBytes == bytes)
        }
    }

    @Test func namesOfOtherBytesAreOtherKeys() {
        let names =
            ["\u{E9}", "e\u{301}", "K", "\u{212A}", "PATH"].map { Array($0.utf8) } + [[0xff], [0xc3]]
        let keys = names.map { String(systemName: $0) }
        #expect(Set(keys).count == names.count && keys[4] == "PATH")
        #expect(keys.map(\.systemBytes) == names)
    }

    @Test func textStaysAsItIs() {
        let text = "/home/dev/naïve 😀"
        #expect(String(systemBytes: Array(text.utf8)) == text && !text.carriesBytes)
    }

    @Test func aNameThatIsNotUTF8NamesTheSameFile() throws {
        let name = String(systemBytes: Array(folder.utf8) + [0x2f, 0x64, 0xff, 0x78])
        #expect(mkdir(name, 0o700) == 0 && isDirectory(name))
        try replaceFile("\(name)/file", with: [1, 2])
        #expect(readFile("\(name)/file") == [1, 2])
        #expect(entries(of: folder) == [String(name.dropFirst(folder.count + 1))])
        #expect(resolvedPath("\(name)/new") == resolvedPath(folder) + name.dropFirst(folder.count) + "/new")
        #expect(!isDirectory("\(folder)/d\u{fffd}x"))
    }
}
