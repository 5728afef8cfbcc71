import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Bounds the size and the number of logs. Not their age: a clock that is wrong for a moment would delete
/// them all.
struct LogKeeper: Sendable {
    /// The bounds.
    struct Limits: Sendable {
        var log = LogBound.session
        var files = 200
    }

    let home: RunnerHome
    var limits = Limits()

    /// - Parameter keeping: logs that are never removed.
    func tidy(keeping: Set<String>) {
        for folder in [home.sessionLogs, home.logs] {
            for name in entries(of: folder) where name.hasSuffix(".log") {
                limits.log.apply(to: "\(folder)/\(name)")
            }
        }
        removeOld(in: home.sessionLogs, keeping: keeping) { $0.hasSuffix(".log") }
        removeOld(in: home.logs, keeping: keeping) { $0.hasSuffix("-runner.log") }
        removeOld(in: home.logs, keeping: keeping) { $0.hasSuffix(".log") && !$0.hasSuffix("-runner.log") }
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
