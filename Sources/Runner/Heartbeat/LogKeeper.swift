import CProcess
import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Keeps the logs from filling the disk: each is bounded in size, and they are in number. Not in age: a
/// clock that is wrong for a moment would cost them all.
struct LogKeeper: Sendable {
    /// What is kept at most. Sizes are bytes.
    struct Limits: Sendable {
        var sessionLog = 16 << 20
        /// What is left of a session log that grew beyond.
        var sessionTail = 4 << 20
        var files = 200
    }

    let home: RunnerHome
    var limits = Limits()

    /// - Parameter keeping: logs that are never removed.
    func tidy(keeping: Set<String>) {
        for folder in [home.sessionLogs, home.logs] {
            for name in entries(of: folder) where name.hasSuffix(".log") { bound("\(folder)/\(name)") }
        }
        removeOld(in: home.sessionLogs, keeping: keeping) { $0.hasSuffix(".log") }
        removeOld(in: home.logs, keeping: keeping) { $0.hasSuffix("-runner.log") }
        removeOld(in: home.logs, keeping: keeping) { $0.hasSuffix(".log") && !$0.hasSuffix("-runner.log") }
    }

    /// Takes the beginning off a log that has grown beyond its bound. The session goes on writing at
    /// the end: it appends.
    func bound(_ path: String) {
        let log = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard log >= 0 else { return }
        defer { close(log) }
        let size = lseek(log, 0, SEEK_END)
        guard size > off_t(limits.sessionLog) else { return }
        // Whole blocks can be cut off without touching the rest, where the file system knows how.
        let block: off_t = 1 << 20
        let cut = (size - off_t(limits.sessionTail)) / block * block
        if cprocess_cut_head(log, cut) == 0 { return }
        var tail = [UInt8](repeating: 0, count: limits.sessionTail)
        let count = pread(log, &tail, tail.count, size - off_t(tail.count))
        guard ftruncate(log, 0) == 0, count > 0 else { return }
        let appending = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
        guard appending >= 0 else { return }
        defer { close(appending) }
        _ = writeAll(appending, Array("[the beginning of this log was cut off]\n".utf8) + tail.prefix(count))
    }

    private func removeOld(in folder: String, keeping: Set<String>, _ isLog: (String) -> Bool) {
        let logs = entries(of: folder).filter(isLog).map { "\(folder)/\($0)" }
            .compactMap { path in Self.modified(path).map { (path, $0) } }
            .sorted { $0.1 > $1.1 }
        for (path, _) in logs.dropFirst(limits.files) where !keeping.contains(path) { unlink(path) }
    }

    private static func modified(_ path: String) -> Int? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mtim.tv_sec : nil
    }
}
