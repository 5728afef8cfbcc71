import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// The text of a log file.
enum LogText {
    /// The last line that is not empty; nil if there is none.
    static func lastLine(of path: String) -> String? {
        tail(of: path, bytes: 4096).split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
            .map(String.init)
    }

    /// The end of a file.
    static func tail(of path: String, bytes: Int) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        lseek(file, max(0, lseek(file, 0, SEEK_END) - off_t(bytes)), SEEK_SET)
        return String(decoding: read(file, atMost: bytes), as: UTF8.self)
    }

    /// Whether a file contains a text, byte by byte.
    static func holds(_ text: String, _ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        let wanted = Array(text.utf8)
        var rest: [UInt8] = []
        while true {
            let bytes = read(file, atMost: 1 << 20)
            guard !bytes.isEmpty else { return false }
            let window = rest + bytes
            if window.firstRange(of: wanted) != nil { return true }
            rest = window.suffix(max(0, wanted.count - 1))
        }
    }

    static func read(_ file: Int32, atMost limit: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(limit, 1 << 16))
        while bytes.count < limit {
            let count = Glibc.read(file, &buffer, min(buffer.count, limit - bytes.count))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return bytes
    }

    /// The last `count` lines.
    static func last(_ count: Int, of text: [UInt8]) -> ArraySlice<UInt8> {
        guard count > 0 else { return [] }
        var (left, start) = (count, text.endIndex)
        // The final newline does not start another line.
        var index = text.last == UInt8(ascii: "\n") ? text.endIndex - 1 : text.endIndex
        while index > text.startIndex {
            index -= 1
            if text[index] == UInt8(ascii: "\n") {
                left -= 1
                if left == 0 { return text[(index + 1)...] }
            }
            start = index
        }
        return text[start...]
    }

    /// The lines written since `moment`, according to the times at their beginning; a line without a time
    /// belongs to the previous one. nil if no line begins with a time.
    static func since(_ moment: Timestamp, _ text: [UInt8]) -> ArraySlice<UInt8>? {
        var (start, hasTimes) = (text.startIndex, false)
        while start < text.endIndex {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.endIndex
            if let time = time(text[start..<end]) {
                if time >= moment { return text[start...] }
                hasTimes = true
            }
            start = end + 1
        }
        return hasTimes ? [] : nil
    }

    /// The time at the beginning of a line: `2026-01-31T12:00:00.000Z`.
    private static func time(_ line: ArraySlice<UInt8>) -> Timestamp? {
        let head = line.prefix(24)
        guard head.count >= 20, head[head.startIndex + 10] == UInt8(ascii: "T") else { return nil }
        guard let end = head.firstIndex(of: UInt8(ascii: "Z")) else { return nil }
        // nil if it is not a time.
        return try? PastMoment(String(decoding: head[...end], as: UTF8.self)).moment
    }
}
