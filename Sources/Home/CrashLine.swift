import Glibc
import RunnerStore

/// The last words of a runner that a signal of its own making ended, `cprocess_speak_of_crashes`.
package enum CrashLine {
    /// How much of a log's end is looked at: it is the last line, or nearly so.
    private static let reach = 64 << 10

    /// The signal's name, as in `SIGSEGV`; nil if the log tells of no crash.
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
    /// How this life crashed, where it was able to tell: on record, or still in its log.
    package var crashSignal: String? {
        switch endReason {
        case .crashed: endDetail?.hasPrefix("SIG") == true ? endDetail : nil
        case nil where host.isHere: CrashLine.signal(inLog: logPath)
        default: nil
        }
    }
}
