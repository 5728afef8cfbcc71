import CProcess
import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// A monitor that was just started, and the line on which it tells how the launch goes.
struct LaunchInProgress: Sendable {
    let monitor: Int32
    let line: StatusLine
    private let descriptor: ProcessDescriptor?

    /// Starts a monitor for `spec`, from the very program that is running, whatever became of its file.
    static func start(_ spec: LaunchSpec, in directory: WorkingDirectory) throws -> LaunchInProgress {
        let input = cprocess_memory_file("launch")
        guard input >= 0 else { throw FileError(action: "create", path: "a memory file", code: -input) }
        defer { close(input) }
        guard writeAll(input, spec.encoded), lseek(input, 0, SEEK_SET) == 0 else {
            throw FileError(action: "write", path: "a memory file", code: errno)
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw FileError(action: "create", path: "a pipe", code: errno) }
        let line = StatusLine(ends[0])
        defer { close(ends[1]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let launch = ProcessLaunch(
            program: "/proc/self/exe", arguments: ["hapi", Monitor.argument],
            environment: ["SWIFT_BACKTRACE=enable=no", "PATH=/usr/bin:/bin"] + crashPoint,
            errors: .append(spec.logPath), passing: [input, ends[1], directory.descriptor])
        let pid = try launch.start()
        // Unreaped as yet, so the pid cannot be anybody else's.
        return LaunchInProgress(
            monitor: pid, line: line,
            descriptor: ProcessTable.identity(of: pid).flatMap(ProcessDescriptor.init))
    }

    /// The monitor; it is not reaped yet, so that its pid cannot be anybody else's.
    var identity: ProcessIdentity? { ProcessTable.identity(of: monitor) }

    /// The session's process, where the monitor says that it launched one.
    static func process(in news: String) -> ProcessIdentity? {
        let words = news.split(separator: " ")
        guard words.count == 3, words[0] == "launched", let pid = Int32(words[1]), let start = Int64(words[2])
        else { return nil }
        return ProcessIdentity(pid: pid, start: start)
    }

    /// Returns when the monitor has ended, and reaps it.
    func monitorEnded() async {
        await descriptor?.ended()
        waitpid(monitor, nil, WNOHANG)
    }

    private static var crashPoint: [String] {
        getenv("HAPI_CRASH_AT").map { ["HAPI_CRASH_AT=" + String(cString: $0)] } ?? []
    }
}

/// The reading end of a monitor's status pipe.
final class StatusLine: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    /// What the monitor says before it closes the line; empty if it was killed before it spoke.
    func read() async -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !Task.isCancelled {
            await waitUntilReadable(descriptor)
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { break }
            text.append(contentsOf: buffer.prefix(max(count, 0)))
        }
        return String(decoding: text, as: UTF8.self).trimmingWhitespace
    }
}
