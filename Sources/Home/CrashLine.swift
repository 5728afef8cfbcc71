import Glibc
import RunnerStore

/// The line that a crashing runner writes to its log, `cprocess_speak_of_crashes`.
package enum CrashLine {
    /// The number of bytes at the end of a log to search; the crash line is among the last lines.
    private static let reach = 64 << 10

    /// The signal's name, such as SIGSEGV; nil if the log has no crash line.
    package static func signal(inLog path: String) -> String? {
        let log = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard log >= 0 else { return nil }
        defer { close(log) }
        let size = lseek(log, 0, SEEK_END)
        var tail = [UInt8](repeating: 0, count: reach)
        let count = pread(log, &tail, tail.count, max(0, size - off_t(reach)))
        return signal(inLines: String(decoding: tail.prefix(max(0, count)), as: UTF8.self))
    }

    static func signal(inLines text: String) -> String? {
        for line in text.split(separator: "\n").reversed() {
            let words = line.split(separator: " ", maxSplits: 4)
            guard words.count > 3, words[1] == "critical", words[2] == "crashed" else { continue }
            let name = words[3].dropFirst("signal=".count)
            if words[3].hasPrefix("signal=SIG"), name.allSatisfy({ $0.isASCII && $0.isUppercase }) {
                return String(name)
            }
        }
        return nil
    }
}

extension RunnerRecord {
    /// The signal of a crash, from the record or the log; nil if this life did not crash or wrote no line.
    package var crashSignal: String? {
        switch endReason {
        case .crashed: endDetail?.hasPrefix("SIG") == true ? endDetail : nil
        case nil where host.isHere: CrashLine.signal(inLog: logPath)
        default: nil
        }
    }
}
