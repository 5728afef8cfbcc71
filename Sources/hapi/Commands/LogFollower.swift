import ArgumentParser
import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Shows a log, and what is added to it: a session's to the session's end, the runner's from one life of
/// the runner to the next. What it says itself goes to standard error.
struct LogFollower: ~Copyable {
    private let home: RunnerHome
    /// The record's id; nil for the runner's log.
    private let session: String?
    private var path: String
    private var file: Int32
    private var offset: off_t = 0

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
    ///   - last: how many lines; nil for all.
    mutating func show(last: Int?, since: Timestamp?) throws {
        guard last != nil || since != nil else { return drain() }
        let text = LogText.read(file, atMost: .max)
        offset = off_t(text.count)
        var shown = text[...]
        if let since {
            guard let recent = LogText.since(since, text) else {
                Output.complain("no line of this log begins with a time", hint: "use -n instead of --since")
                throw ExitCode(ExitStatus.failed)
            }
            shown = recent
        }
        if let last { shown = LogText.last(last, of: Array(shown)) }
        Output.bytes(shown)
    }

    /// Returns when the session has ended; for the runner's log, never.
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

    /// Shows what is there beyond what was shown.
    private mutating func drain() {
        var status = stat()
        guard fstat(file, &status) == 0 else { return }
        if status.st_size < offset { skipCut(to: status.st_size) }
        while true {
            lseek(file, offset, SEEK_SET)
            let bytes = LogText.read(file, atMost: 1 << 20)
            guard !bytes.isEmpty else { return }
            Output.bytes(bytes[...])
            offset += off_t(bytes.count)
        }
    }

    /// The runner has taken the beginning off, in whole mebibytes: the rest has moved up by as many.
    private mutating func skipCut(to size: off_t) {
        let block: off_t = 1 << 20
        offset = max(0, offset - (offset - size + block - 1) / block * block)
    }

    private mutating func takeUpNextLife() throws {
        guard let newest = home.newestRunnerLog(), newest != path else { return }
        drain()
        let next = try Self.opened(newest)
        close(file)
        (path, offset, file) = (newest, 0, next)
        Output.errors("── runner restarted ──")
    }

    /// How the session ended; nil while it lives, and while nobody can tell.
    private func sessionEnd() -> String? {
        // A store that is locked or replaced at this moment is asked again at the next.
        guard let id = session,
            let record = try? StoreConnection(path: home.store, mode: .readOnly).read({
                store throws(StoreError) in try store.session(id)
            })
        else { return nil }
        let view = SessionView(record)
        return record.exit == nil ? nil : "\(view.ending) after \(view.length)"
    }
}
