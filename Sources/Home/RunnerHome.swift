import Glibc
import HubClient
import Processes
import RunnerStore

/// The folder with all of a runner's files, and the paths in it.
package struct RunnerHome: Sendable {
    /// Absolute.
    package let path: String

    package var settings: String { "\(path)/settings.json" }
    package var store: String { "\(path)/runner.db" }
    package var stateFile: String { "\(path)/runner.state.json" }
    package var lockFile: String { "\(path)/runner.state.json.lock" }
    package var logs: String { "\(path)/logs" }
    package var sessionLogs: String { "\(logs)/sessions" }

    package init(path: String) { self.path = path }

    /// `HAPI_HOME` or `~/.hapi`. A relative value is resolved in the current directory.
    package init(environment: [String: String]) throws {
        let stated = environment.stated(.hapiHome)
        guard stated?.utf8.contains(0) != true else {
            throw ConfigurationError(
                variable: Variable.hapiHome.rawValue, problem: "contains a NUL character", needed: "a path")
        }
        self.init(path: try absolutePath(try UserHome.expand(stated ?? "~/.hapi", environment)))
    }

    /// Creates missing folders for the owner only, and tightens modes that are too wide. Throws if another
    /// user could change what this user's programs read.
    package func create() throws {
        for folder in [path, logs, sessionLogs] {
            try createDirectory(folder, mode: 0o700)
            try secure(folder, 0o700)
        }
        for file in [settings, store, "\(store)-wal", "\(store)-shm", stateFile, lockFile] {
            try secure(file, 0o600)
        }
    }

    /// Follows symbolic links and checks their targets.
    private func secure(_ path: String, _ mode: mode_t) throws(HomeError) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        switch status.st_uid {
        case getuid():
            if status.st_mode & 0o777 & ~mode != 0 { chmod(path, status.st_mode & mode) }
        case 0:
            if status.st_mode & S_IWOTH != 0 { throw HomeError(path: path, owner: nil) }
        case let owner: throw HomeError(path: path, owner: owner)
        }
    }

    /// The log of a runner process started at `time`.
    package func runnerLog(pid: Int32, at time: Timestamp) -> String { log(pid, time, suffix: "-runner") }

    /// The log of a session process started at `time`. Not the output of its agent.
    package func sessionProcessLog(pid: Int32, at time: Timestamp) -> String { log(pid, time, suffix: "") }

    private func log(_ pid: Int32, _ time: Timestamp, suffix: String) -> String {
        var seconds = time_t(time.milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        let stamp = [
            parts.tm_year &+ 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
        ]
        .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
        return "\(logs)/\(stamp)-pid-\(pid)\(suffix).log"
    }

    /// The folder of the sockets of conversing sessions, one per session.
    package var sockets: String { "\(path)/sockets" }
    package func socket(of recordID: String) -> String { "\(sockets)/\(recordID).sock" }

    /// The record ids of sessions that have a socket, or left one behind.
    package var sessionsWithSockets: [String] {
        entries(of: sockets).filter { $0.hasSuffix(".sock") }.map { String($0.dropLast(5)) }
    }

    package func sessionLog(_ id: String) -> String { "\(sessionLogs)/\(id).log" }

    /// The newest runner log, or the newest of the runner with this pid; nil if there is none.
    package func newestRunnerLog(pid: Int32? = nil) -> String? {
        let ending = pid.map { "-pid-\($0)-runner.log" } ?? "-runner.log"
        // Names begin with the time, so the newest sorts last.
        return entries(of: logs).filter { $0.hasSuffix(ending) }.max().map { "\(logs)/\($0)" }
    }
}

/// A home, or a file in it, that other users can change: they could make this user run their programs.
package struct HomeError: Error, CustomStringConvertible {
    package let path: String
    /// nil if it belongs to root and is world-writable.
    package let owner: uid_t?

    package var description: String {
        let (what, remedy) =
            owner.map { ("it belongs to user \($0)", "chown -R \(getuid()) \(path)") }
            ?? ("anybody may write to it", "chmod o-w \(path)")
        return "cannot use \(path): \(what). If what is in it can be trusted, run: \(remedy); "
            + "otherwise remove it, or set HAPI_HOME to a folder of your own"
    }
}
