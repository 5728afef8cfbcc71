import ArgumentParser
import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Shows a log and what is appended to it: a session's until the session ends, the runner's across restarts.
/// Its own messages go to standard error.
struct LogFollower: ~Copyable {
    private let home: RunnerHome
    /// The session's record id; nil for the runner's log.
    private let session: String?
    private var path: String
    private var file: Int32
    private var offset: off_t = 0
    /// The end of what was shown last, which tells whether the middle of the log has been cut out since.
    private var shown: [UInt8] = []

    init(_ path: String, home: RunnerHome, session: String?) throws {
        self.home = home
        self.session = session
        self.path = path
        file = try Self.opened(path)
    }

    deinit { close(file) }

    private static func opened(_ path: String) throws -> Int32 {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            Output.complain("cannot read \(path): \(String(cString: strerror(errno)))")
            throw ExitCode(ExitStatus.failed)
        }
        return file
    }

    /// - Parameters:
    ///   - last: the number of lines; nil for all.
    mutating func show(last: Int?, since: Timestamp?) throws {
        guard last != nil || since != nil else { return drain() }
        let text = LogText.read(file, atMost: .max)
        offset = off_t(text.count)
        shown = Array(text.suffix(Self.memory))
        var wanted = text[...]
        if let since {
            guard let recent = LogText.since(since, text) else {
                Output.complain("no line of this log begins with a time", hint: "use -n instead of --since")
                throw ExitCode(ExitStatus.failed)
            }
            wanted = recent
        }
        if let last { wanted = LogText.last(last, of: Array(wanted)) }
        Output.bytes(wanted)
    }

    /// Returns when the session has ended. Never returns for the runner's log.
    mutating func follow() throws {
        var end: String?
        while true {
            drain()
            if let end {
                Output.errors("── ended: \(end) ──")
                return
            }
            usleep(200_000)
            if session == nil { try takeUpNextLife() } else { end = sessionEnd() }
        }
    }

    /// Shows what has been appended since the last call.
    private mutating func drain() {
        var status = stat()
        guard fstat(file, &status) == 0 else { return }
        if !follows(offset, size: status.st_size) { offset = placeAfterCut(size: status.st_size) }
        while true {
            lseek(file, offset, SEEK_SET)
            let bytes = LogText.read(file, atMost: 1 << 20)
            guard !bytes.isEmpty else { return }
            Output.bytes(bytes[...])
            offset += off_t(bytes.count)
            shown = Array((shown + bytes).suffix(Self.memory))
        }
    }

    /// How many bytes of the shown output are kept.
    private static let memory = 256

    /// Whether the bytes before `place` are the ones shown last.
    private func follows(_ place: off_t, size: off_t) -> Bool {
        let start = place - off_t(shown.count)
        guard start >= 0, place <= size else { return false }
        var bytes = [UInt8](repeating: 0, count: shown.count)
        return pread(file, &bytes, bytes.count, start) == bytes.count && bytes == shown
    }

    /// Where to continue after a cut: after the bytes shown last or, if these were cut out, at the start of
    /// the cut.
    private func placeAfterCut(size: off_t) -> off_t {
        let bound = LogBound.session
        let place = stride(from: offset - LogBound.block, to: off_t(bound.head), by: -LogBound.block)
            .first { follows($0, size: size) }
        return place ?? (size > off_t(bound.head) ? off_t(bound.head) : 0)
    }

    private mutating func takeUpNextLife() throws {
        guard let newest = home.newestRunnerLog(), newest != path else { return }
        drain()
        let next = try Self.opened(newest)
        close(file)
        (path, offset, file, shown) = (newest, 0, next, [])
        Output.errors("── runner restarted ──")
    }

    /// How the session ended; nil while it is live or cannot be checked.
    private func sessionEnd() -> String? {
        // If the store is locked or being replaced, the next call tries again.
        guard let id = session,
            let record = try? StoreConnection(path: home.store, mode: .readOnly).read({
                store throws(StoreError) in try store.session(id)
            })
        else { return nil }
        let view = SessionView(record)
        return record.exit == nil ? nil : "\(view.ending) after \(view.length)"
    }
}
