import Dispatch
import FoundationEssentials
import Glibc
import Testing

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner
@testable import RunnerStore
@testable import SessionProcess

/// A test with a folder and children of its own. Removed with the test's instance.
class FolderTests {
    let folder: String
    /// Killed and reaped with the test's instance.
    private var children: [Child] = []

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/runner-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        // What cannot be removed is the system's to clean up.
        try? FileManager.default.removeItem(atPath: folder)
    }

    func child(_ launch: ProcessLaunch) throws -> Child {
        let child = try Child(launch)
        children.append(child)
        return child
    }

    func child(_ arguments: String..., environment: [String] = ["PATH=/usr/bin:/bin"]) throws -> Child {
        try child(
            ProcessLaunch(
                program: arguments[0], arguments: arguments, environment: environment, searchesPath: true))
    }

    /// A process that has just been started shows its arguments and variables a moment later.
    func settled(_ child: Child) async {
        #expect(await eventually { !ProcessTable.arguments(of: child.pid).isEmpty })
    }

    var home: RunnerHome { RunnerHome(path: folder) }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @discardableResult
    func makeDirectory(_ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @discardableResult
    func link(_ name: String, to target: String) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        return path
    }

    func text(of name: String) -> String? {
        readFile("\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }

    func mode(of name: String) -> mode_t? {
        var status = stat()
        return stat("\(folder)/\(name)", &status) == 0 ? status.st_mode & 0o777 : nil
    }
}

extension HostIdentity {
    /// This machine before its last restart.
    static let beforeRestart = HostIdentity(
        machine: HostIdentity.current.machine, bootID: "an earlier boot", pidNamespace: 1)
    static let elsewhere = HostIdentity(machine: "another machine", bootID: "another boot", pidNamespace: 1)
}

extension Timestamp: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int64) { self.init(milliseconds: value) }
}

extension ProcessIdentity {
    /// A made-up process that started in the tick of its pid.
    static func sample(_ pid: Int32) -> ProcessIdentity { ProcessIdentity(pid: pid, start: Int64(pid)) }
}

extension SessionRecord {
    static func sample(
        _ id: String = "s", _ phase: LaunchPhase = .launched, host: HostIdentity = .current,
        monitor: Int32? = nil, process: Int32? = nil, origin: SessionOrigin = .runner, reported: String? = nil
    ) -> SessionRecord {
        let launch = LaunchRecord(
            phase: phase, host: host, monitor: monitor.map(ProcessIdentity.sample),
            process: process.map(ProcessIdentity.sample))
        var session = SessionRecord(
            id: id, runnerID: 1, origin: origin, agent: "claude", directory: "/", createdAt: 1, launch: launch
        )
        session.happySessionID = reported
        session.reportedAt = reported == nil ? nil : 2
        return session
    }
}

/// Runs `body` on a thread outside the cooperative pool, where it may block.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
}

/// Waits until `condition` holds; false if it does not within a minute: at their start all tests want the machine.
func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        // A cancelled test ends at its next expectation.
        try? await Task.sleep(for: .milliseconds(5))
    }
    return try condition()
}

/// Numbers that are the same in every run.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
