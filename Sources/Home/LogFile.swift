import Glibc
import HubClient
import Logging
import Processes
import RunnerStore
import Synchronization

/// Writes log lines to a file: time, level, message, metadata.
package struct LogFile: LogHandler {
    private let sink: LogSink
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]

    package init(_ sink: LogSink, level: Logger.Level = .info) {
        self.sink = sink
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let details = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let text = details.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        sink.write("\(Timestamp.now.iso8601) \(event.level) \(event.message)\(text)")
    }
}

/// An open log file. Each line is one write, so that lines of several threads don't mix.
package final class LogSink: Sendable {
    private let descriptor: Mutex<Int32>
    /// The original standard error, while it is redirected.
    private let standardError = Mutex<Int32?>(nil)
    /// Whether lines also go to standard output, for a supervisor's journal. Standard output, unlike standard
    /// error, stays the same through a renewal.
    private let echoes: Bool

    package init(path: String, echoing: Bool = false) throws(FileError) {
        echoes = echoing
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileError(action: "open the log", path: path, code: errno) }
        descriptor = Mutex(file)
    }

    deinit {
        descriptor.withLock { _ = close($0) }
        standardError.withLock { $0.map { _ = close($0) } }
    }

    /// Drops a line that cannot be written: a full disk must not stop the runner.
    package func write(_ line: String) {
        let bytes = Array((line.visible + "\n").utf8)
        descriptor.withLock { _ = writeAll($0, bytes) }
        if echoes { _ = writeAll(STDOUT_FILENO, bytes) }
    }

    /// Redirects standard error to the log, so that crash lines go there too.
    package func takeStandardError() {
        standardError.withLock { $0 = fcntl(2, F_DUPFD_CLOEXEC, 3) }
        descriptor.withLock { _ = dup2($0, 2) }
    }

    /// Restores standard error, so that the starting process learns why this one ends.
    package func returnStandardError() {
        standardError.withLock { if let original = $0, original >= 0 { dup2(original, 2) } }
    }
}
