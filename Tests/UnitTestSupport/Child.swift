import Glibc
import Processes
import Testing

/// A child process, killed with its process group and reaped with this object.
package final class Child: Sendable {
    package let pid: Int32
    package let identity: ProcessIdentity

    package init(_ launch: ProcessLaunch) throws {
        pid = try launch.start()
        identity = try #require(ProcessTable.identity(of: pid))
    }

    /// Nothing else reaps it, so the pid is still its own.
    deinit {
        kill(pid, SIGKILL)
        // Exists only if the child leads a group; never our own.
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
    /// A shell that runs `script`, with its output in `output`.
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
