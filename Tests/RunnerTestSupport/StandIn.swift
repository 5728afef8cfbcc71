import FoundationEssentials
import Glibc
import HubProtocol

/// The stand-in session process, and what it leaves for the tests.
public enum StandIn {
    public static let program = Paths.root + "/Tests/Hub/session.py"

    /// How a stand-in session was started.
    public struct Trace: Decodable, Sendable {
        public let argv: [String]
        public let env: [String: String]
        public let cwd: String
        public let pid: pid_t
        public let pgid: pid_t
        public let sid: pid_t
        public let fds: [String: String]
        public let blocked: [Int]
        public let ignored: [Int]
        public let sessionId: String?
        public let helpers: [pid_t]?
        /// The process that does the work behind a wrapper.
        public let wrapped: pid_t?
    }
}

extension TestHome {
    /// What the stand-in session with this pid has seen; nil if it has not come so far.
    public func trace(_ pid: pid_t) throws -> StandIn.Trace? {
        try text("\(traces)/\(pid).json").map { try JSON.decode(StandIn.Trace.self, from: $0.utf8) }
    }

    /// What all stand-in sessions of this home have seen.
    public func allTraces() throws -> [StandIn.Trace] {
        try FileManager.default.contentsOfDirectory(atPath: traces).filter { $0.hasSuffix(".json") }
            .compactMap { pid_t($0.dropLast(5)) }.compactMap(trace)
    }

    /// Puts a stand-in for an agent's own program where it is found first.
    public func installAgent(_ name: String = "claude", _ script: String) throws {
        try write("bin/\(name)", "#!/bin/sh\n\(script)\n", mode: 0o755)
    }
}

/// The word that sessions with `await` wait for.
public struct StartSignal: ~Copyable {
    private let path: String
    private var pipe: CInt = -1

    public init(_ home: TestHome) throws {
        path = home.traces + "/go"
        guard mkfifo(path, 0o600) == 0 else {
            throw ChildProcess.Failure(description: "cannot make \(path)")
        }
    }

    deinit {
        close(pipe)
        unlink(path)
    }

    /// Lets all go that wait, and whoever comes to wait as long as this is there.
    public mutating func give() { pipe = open(path, O_RDWR | O_CLOEXEC) }
}

extension TestHome {
    /// The processes of stand-in sessions that live.
    public func sessionProcesses() -> [pid_t] {
        Census(self).members.filter { $0.arguments.contains(StandIn.program) }.map(\.process.identity.pid)
    }
}

/// What `/proc/<pid>/<name>` says now; empty if the process is gone.
public func processFile(_ pid: pid_t, _ name: String) -> String {
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

/// How many descriptors a process holds.
public func descriptorCount(_ pid: pid_t) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0
}

/// How much memory a process has resident, in KiB.
public func residentKiB(_ pid: pid_t) -> Int { statusNumber(pid, "VmRSS:") }

/// How much memory a process has had resident at most, in KiB.
public func mostResidentKiB(_ pid: pid_t) -> Int { statusNumber(pid, "VmHWM:") }

private func statusNumber(_ pid: pid_t, _ name: String) -> Int {
    let line = processFile(pid, "status").split(separator: "\n").first { $0.hasPrefix(name) }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
}
