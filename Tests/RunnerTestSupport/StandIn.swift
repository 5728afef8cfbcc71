import FoundationEssentials
import Glibc
import HubProtocol

/// The stand-in session process and the files it writes for the tests.
package enum StandIn {
    package static let program = Paths.root + "/Tests/Hub/session.py"

    /// How a stand-in session was started.
    package struct Trace: Decodable, Sendable {
        package let argv: [String]
        package let env: [String: String]
        package let cwd: String
        package let pid: pid_t
        package let pgid: pid_t
        package let sid: pid_t
        package let fds: [String: String]
        package let blocked: [Int]
        package let ignored: [Int]
        package let sessionId: String?
        package let helpers: [pid_t]?
        /// The actual session process behind a wrapper.
        package let wrapped: pid_t?
    }
}

extension TestHome {
    /// The trace of the stand-in session with this pid; nil if it has not been written yet.
    package func trace(_ pid: pid_t) throws -> StandIn.Trace? {
        try text("\(traces)/\(pid).json").map { try JSON.decode(StandIn.Trace.self, from: $0.utf8) }
    }

    /// The traces of all stand-in sessions of this home.
    package func allTraces() throws -> [StandIn.Trace] {
        try FileManager.default.contentsOfDirectory(atPath: traces).filter { $0.hasSuffix(".json") }
            .compactMap { pid_t($0.dropLast(5)) }.compactMap(trace)
    }

    /// Installs a stand-in for an agent's program, first in `PATH`.
    package func installAgent(_ name: String = "claude", _ script: String) throws {
        try write("bin/\(name)", "#!/bin/sh\n\(script)\n", mode: 0o755)
    }
}

/// The signal that sessions with `await` wait for.
package struct StartSignal: ~Copyable {
    private let path: String
    private var pipe: CInt = -1

    package init(_ home: TestHome) throws {
        path = home.traces + "/go"
        guard mkfifo(path, 0o600) == 0 else {
            throw ChildProcess.Failure(description: "cannot make \(path)")
        }
    }

    deinit {
        close(pipe)
        unlink(path)
    }

    /// Releases all waiting sessions, and later ones for as long as this object exists.
    package mutating func give() { pipe = open(path, O_RDWR | O_CLOEXEC) }
}

extension TestHome {
    /// The live processes of stand-in sessions.
    package func sessionProcesses() -> [pid_t] {
        Census(self).members.filter { $0.arguments.contains(StandIn.program) }.map(\.process.identity.pid)
    }
}

/// The current contents of `/proc/<pid>/<name>`; empty if the process is gone.
package func processFile(_ pid: pid_t, _ name: String) -> String {
    let file = open("/proc/\(pid)/\(name)", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
        bytes += buffer.prefix(count)
    }
}

/// The number of a process's open descriptors.
package func descriptorCount(_ pid: pid_t) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0
}

/// The resident memory of a process, in KiB.
package func residentKiB(_ pid: pid_t) -> Int { statusNumber(pid, "VmRSS:") }

/// The peak resident memory of a process, in KiB.
package func mostResidentKiB(_ pid: pid_t) -> Int { statusNumber(pid, "VmHWM:") }

private func statusNumber(_ pid: pid_t, _ name: String) -> Int {
    let line = processFile(pid, "status").split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
}
