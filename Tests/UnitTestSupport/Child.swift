import Glibc
import Processes
import Testing

/// A child of this process, killed with all of its group and reaped with this object.
package final class Child: Sendable {
    package let pid: Int32
    package let identity: ProcessIdentity

    package init(_ launch: ProcessLaunch) throws {
        pid = try launch.start()
        identity = try #require(ProcessTable.identity(of: pid))
    }

    /// Once reaped, the pid may be anybody's: nothing else here reaps.
    deinit {
        kill(pid, SIGKILL)
        // There is such a group only if it leads one: it is never ours.
        kill(-pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    /// The wait status, once it has ended.
    package func ended() async -> Int32? {
        await ProcessDescriptor(identity)?.ended()
        // The last field of a zombie's line.
        let line = String(decoding: readFile("/proc/\(pid)/stat") ?? [], as: UTF8.self)
        return line.split(whereSeparator: \.isWhitespace).last.flatMap { Int32($0) }
    }
}

extension ProcessLaunch {
    /// A shell that runs `script`, its output going to `output`.
    package static func shell(_ script: String, output: String? = nil) -> ProcessLaunch {
        var launch = ProcessLaunch(
            program: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"])
        if let output {
            launch.output = .append(output)
            launch.errors = .append(output)
        }
        return launch
    }
}
