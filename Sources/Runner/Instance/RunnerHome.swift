import Glibc
import RunnerStore

/// The folder that holds everything a runner keeps, and the paths in it.
public struct RunnerHome: Sendable {
    /// Absolute.
    public let path: String

    public var settings: String { "\(path)/settings.json" }
    public var store: String { "\(path)/runner.db" }
    public var stateFile: String { "\(path)/runner.state.json" }
    public var lockFile: String { "\(path)/runner.state.json.lock" }
    public var logs: String { "\(path)/logs" }
    public var sessionLogs: String { "\(logs)/sessions" }

    public init(path: String) { self.path = path }

    /// `HAPI_HOME`, or `~/.hapi`. A relative value is taken from the working directory, once.
    public init(environment: [String: String]) throws(ConfigurationError) {
        let user = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        guard let value = environment["HAPI_HOME"], !value.isEmpty else {
            self.init(path: user == "/" ? "/.hapi" : "\(user)/.hapi")
            return
        }
        guard !value.utf8.contains(0) else {
            throw ConfigurationError(variable: "HAPI_HOME", value: value, needed: "a path")
        }
        let expanded = value == "~" || value.hasPrefix("~/") ? user + value.dropFirst() : value
        self.init(path: absolutePath(expanded))
    }

    /// Creates what is missing, for its owner only, and takes from others what somebody let them do.
    /// Throws where somebody else could change what this user's programs are told.
    public func create() throws {
        for folder in [path, logs, sessionLogs] {
            try createDirectory(folder, mode: 0o700)
            try secure(folder, 0o700)
        }
        for file in [settings, store, "\(store)-wal", "\(store)-shm", stateFile, lockFile] {
            try secure(file, 0o600)
        }
    }

    /// A link is judged by what it leads to.
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
    func runnerLog(pid: Int32, at time: Timestamp) -> String { log(pid, time, suffix: "-runner") }

    /// The log of a session process started at `time`: its own words, not its agent's output.
    func sessionProcessLog(pid: Int32, at time: Timestamp) -> String { log(pid, time, suffix: "") }

    private func log(_ pid: Int32, _ time: Timestamp, suffix: String) -> String {
        var seconds = time_t(time.milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        let stamp = [
            parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
        ]
        .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "-")
        return "\(logs)/\(stamp)-pid-\(pid)\(suffix).log"
    }

    public func sessionLog(_ id: String) -> String { "\(sessionLogs)/\(id).log" }

    /// The newest runner log, or that of the runner with this pid; nil if there is none.
    public func newestRunnerLog(pid: Int32? = nil) -> String? {
        let ending = pid.map { "-pid-\($0)-runner.log" } ?? "-runner.log"
        // Names begin with the time, so the newest sorts last.
        return entries(of: logs).filter { $0.hasSuffix(ending) }.max().map { "\(logs)/\($0)" }
    }
}

/// A home, or something in it, that others can change: whoever can has programs run as this user.
public struct HomeError: Error, CustomStringConvertible {
    let path: String
    /// nil: root's, and anybody may write to it.
    let owner: uid_t?

    public var description: String {
        let (what, remedy) =
            owner.map { ("it belongs to user \($0)", "chown -R \(getuid()) \(path)") }
            ?? ("anybody may write to it", "chmod o-w \(path)")
        return "cannot use \(path): \(what). If what is in it can be trusted, run: \(remedy); "
            + "otherwise remove it, or set HAPI_HOME to a folder of your own"
    }
}

/// A file operation that failed: what was tried, on what, and why.
public struct FileError: Error, CustomStringConvertible {
    public let action: String
    public let path: String
    public let code: Int32

    public var description: String { "cannot \(action) \(path): \(errorText(code))" }

    public static func cannotRun(_ program: String, _ code: Int32) -> FileError {
        FileError(action: "run", path: program, code: code)
    }
}

/// Creates a directory and what is missing above it.
func createDirectory(_ path: String, mode: mode_t) throws(FileError) {
    if mkdir(path, mode) == 0 || (errno == EEXIST && isDirectory(path)) { return }
    let code = errno
    guard code == ENOENT, let parent = parentDirectory(path) else {
        throw FileError(action: "create the directory", path: path, code: code)
    }
    try createDirectory(parent, mode: mode)
    guard mkdir(path, mode) == 0 || (errno == EEXIST && isDirectory(path)) else {
        throw FileError(action: "create the directory", path: path, code: errno)
    }
}

/// Whether there is a directory; symbolic links are followed.
public func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

func parentDirectory(_ path: String) -> String? {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return nil }
    return String(path[..<slash])
}

/// Taken from the working directory if relative, without `.`, `..` and doubled slashes.
public func absolutePath(_ path: String) -> String {
    let full = path.hasPrefix("/") ? path : "\(workingDirectory())/\(path)"
    var parts: [Substring] = []
    for part in full.split(separator: "/") where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

public func workingDirectory() -> String {
    guard let buffer = getcwd(nil, 0) else { return "/" }
    defer { free(buffer) }
    return String(cString: buffer)
}

/// Replaces a file in one step: readers see the old content or the new one. Mode 0600.
///
/// Of a file's writers one is at work at a time: so the next one finds, and removes, what one that was
/// killed has left.
func replaceFile(_ path: String, with bytes: [UInt8]) throws(FileError) {
    let temporary = "\(path).tmp"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(action: "write", path: temporary, code: errno) }
    let written = writeAll(descriptor, bytes) && fsync(descriptor) == 0
    let code = errno
    close(descriptor)
    guard written else {
        unlink(temporary)
        throw FileError(action: "write", path: temporary, code: code)
    }
    CrashPoint.reached("file-written")
    guard rename(temporary, path) == 0 else {
        let code = errno
        unlink(temporary)
        throw FileError(action: "replace", path: path, code: code)
    }
}

/// Writes every byte. False leaves the reason in errno.
func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno != EINTR { return false }
        rest = rest.dropFirst(max(count, 0))
    }
    return true
}
