import Glibc
import RunnerStore
import Testing

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner
@testable import SessionProcess

/// A child of this process, killed with all of its group and reaped with this object.
final class Child: Sendable {
    let pid: Int32
    let identity: ProcessIdentity

    init(_ launch: ProcessLaunch) throws {
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
    func ended() async -> Int32? {
        await ProcessDescriptor(identity)?.ended()
        // The last field of a zombie's line.
        let line = String(decoding: readFile("/proc/\(pid)/stat") ?? [], as: UTF8.self)
        return line.split(whereSeparator: \.isWhitespace).last.flatMap { Int32($0) }
    }
}

extension ProcessLaunch {
    /// A shell that runs `script`, its output going to `output`.
    static func shell(_ script: String, output: String? = nil) -> ProcessLaunch {
        var launch = ProcessLaunch(
            program: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"])
        if let output {
            launch.output = .append(output)
            launch.errors = .append(output)
        }
        return launch
    }
}
