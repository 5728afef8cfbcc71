import CProcess
import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// A monitor that was just started, and the status pipe on which it reports the launch.
struct LaunchInProgress: Sendable {
    let line: StatusLine
    private let process: LaunchedProcess

    var monitor: Int32 { process.pid }

    /// Starts a monitor for `spec` from the running program's image, whatever happened to its file.
    ///
    /// - Parameter scope: the command that first puts the monitor into a cgroup of its own, if any.
    static func start(
        _ spec: LaunchSpec, in directory: WorkingDirectory, scope: MonitorScope? = nil
    ) async throws -> LaunchInProgress {
        let input = try MemoryFile("launch", holding: spec.encoded)
        let pipe = try Pipe()
        // Opened here, so that an error names the log and not the monitor's program.
        let log = opened(spec.logPath)
        guard log >= 0 else {
            throw FileError(action: "open the session's log", path: spec.logPath, code: errno)
        }
        close(log)
        let launch = ProcessLaunch(
            program: scope?.program ?? "/proc/self/exe",
            arguments: scope?.command(Monitor.argument) ?? ["hapi", Monitor.argument],
            environment: [
                "\(Variable.swiftBacktrace.rawValue)=enable=no", "\(Variable.path.rawValue)=/usr/bin:/bin",
            ] + (scope?.variables ?? []) + crashPoint,
            errors: .append(spec.logPath),
            passing: [input.descriptor, pipe.writing.number, directory.descriptor])
        guard let process = try await launch.started(keeping: [input, pipe.writing, directory]) else {
            throw LaunchError(program: launch.program, directory: launch.directory, code: ECANCELED)
        }
        return LaunchInProgress(line: StatusLine(pipe.reading), process: process)
    }

    /// Opens a log, and recreates the folder of logs if it was removed. Fails if the home was removed.
    private static func opened(_ log: String) -> Int32 {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
        let file = open(log, flags, 0o600)
        guard file < 0, errno == ENOENT, let folder = parentDirectory(log) else { return file }
        if let logs = parentDirectory(folder) { _ = mkdir(logs, 0o700) }
        _ = mkdir(folder, 0o700)
        return open(log, flags, 0o600)
    }

    /// The monitor. It is not reaped yet, so its pid cannot have been reused.
    var identity: ProcessIdentity? { ProcessTable.identity(of: monitor) }

    /// The session's process, if the monitor reports that it has launched one.
    static func process(in news: String) -> ProcessIdentity? {
        let words = news.split(separator: " ")
        guard words.count == 3, words[0] == "launched", let pid = Int32(words[1]), let start = Int64(words[2])
        else { return nil }
        return ProcessIdentity(pid: pid, start: start)
    }

    /// Waits until the monitor has ended, and reaps it.
    func monitorEnded() async { _ = await process.waitForExit() }

    private static var crashPoint: [String] {
        processEnvironment[.crashAt].map { ["\(Variable.crashAt.rawValue)=\($0)"] } ?? []
    }
}

/// systemd-run(1), which creates a scope and then becomes the monitor in the same process.
struct MonitorScope: Sendable {
    let program: String
    let arguments: [String]
    let environment: [String: String]

    /// After systemd-run's exec, `/proc/self/exe` would be systemd-run.
    func command(_ argument: String) -> [String] {
        [program] + arguments + ["/proc/\(getpid())/exe", argument]
    }

    /// The variables by which systemd-run finds its manager.
    var variables: [String] {
        [Variable.runtimeDirectory, .sessionBus].compactMap { name in
            environment[name].map { "\(name.rawValue)=\($0)" }
        }
    }
}

/// The reading end of a monitor's status pipe.
final class StatusLine: Sendable {
    private let pipe: OwnedDescriptor

    init(_ pipe: OwnedDescriptor) {
        self.pipe = pipe
        _ = fcntl(pipe.number, F_SETFL, O_NONBLOCK)
    }

    /// Reads to the end of the pipe; empty if the monitor was killed before it wrote anything.
    func read() async -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !Task.isCancelled {
            await waitUntilReadable(pipe.number)
            let count = Glibc.read(pipe.number, &buffer, buffer.count)
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { break }
            text.append(contentsOf: buffer.prefix(max(count, 0)))
        }
        return String(decoding: text, as: UTF8.self).trimmingWhitespace
    }
}
