import FoundationEssentials
import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// Descriptors, processes or time run out; thousands of sessions.
@Suite(.serialized) struct LimitTests {
    private static let isRoot = geteuid() == 0
    private static let isLong = getenv("ROUNDS") != nil

    private func setLimit(
        _ limit: String, of pid: pid_t, _ home: TestHome, by user: [String] = []
    ) async throws {
        let child = try home.start(user + ["/usr/bin/prlimit", "--pid", "\(pid)", limit])
        try #require(try await child.ended() == 0, "\(child.errors)")
    }

    /// The soft limit on a process's user's processes, from proc(5).
    private func processLimit(_ pid: pid_t) -> Substring? {
        processFile(pid, "limits").split(separator: "\n").first { $0.hasPrefix("Max processes") }?
            .split(separator: " ").dropFirst(2).first
    }

    // MARK: Descriptors

    @Test(.enabled(if: access("/usr/bin/prlimit", X_OK) == 0, "needs prlimit"))
    func aRunnerWithoutADescriptorLeftSaysSoAndRecovers() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let kept = try await home.spawn("kept")
            let control = try home.control()
            let before = descriptorCount(runner.pid)
            try await setLimit("--nofile=\(before + 3):4096", of: runner.pid, home)
            let refused = try await control.post("spawn-session", ["directory": .string(home.work)])
            #expect(refused.body["success"]?.bool != true, "\(refused)")
            #expect(refused.body["error"]?.string?.contains("oo many open files") == true, "\(refused)")
            // Idle connections use up the rest.
            let connections = (0..<40).map { _ in connect(to: control.port) }
            try await Task.sleep(for: .milliseconds(300))
            for connection in connections { close(connection) }
            #expect(isAlive(runner))
            try await setLimit("--nofile=1024:4096", of: runner.pid, home)
            try await eventually("an answer") { (try? await control.post("list").status) == 200 }
            _ = try await home.spawn("later")
            #expect(try await home.session(kept).state == "running")
            try await stopAll(home)
            try await eventually("no descriptor more than before") { descriptorCount(runner.pid) <= before }
            try await home.stopRunner()
        }
    }

    private func connect(to port: Int) -> CInt {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }

    // MARK: Processes

    /// As an unprivileged user, because root's processes are not limited.
    @Test(.enabled(if: isRoot && access("/usr/bin/setpriv", X_OK) == 0, "needs root and setpriv"))
    func aForkThatFailsIsToldAndTheNextOneWorks() async throws {
        try await TestHome.with { home in
            _ = try home.makeDirectory("home")
            for path in [home.root, home.path, home.work, home.traces] { chown(path, 65_533, 65_533) }
            let other = ["/usr/bin/setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
            let started = try home.start(other + [Paths.program, "runner", "start"])
            try #require(try await started.ended(within: .seconds(40)) == 0, "\(started.errors)")
            let runner = try home.runner()
            let before = try #require(processLimit(runner.pid))
            try await setLimit("--nproc=1:", of: runner.pid, home, by: other)
            let control = try home.control()
            let refused = try await control.post("spawn-session", ["directory": .string(home.work)])
            let error = refused.body["error"]?.string ?? ""
            #expect(error.contains("emporarily unavailable"), "\(refused)")
            let ended = try #require(try await home.list(all: true).first)
            #expect(ended.exit?.reason == "launch-failed", "\(ended)")
            try await setLimit("--nproc=\(before):", of: runner.pid, home, by: other)
            let answer = try await control.post("spawn-session", ["directory": .string(home.work)])
            #expect(answer.body["success"]?.bool == true, "\(answer)")
            try await stopAll(home)
            try await home.stopRunner()
        }
    }

    // MARK: Many sessions

    @Test(.timeLimit(.minutes(20))) func aHundredSessionsAreAdoptedAndStopped() async throws {
        try await TestHome.with { home in
            let count = Self.isLong ? 300 : 100
            try await home.startRunner()
            let first = try home.control()
            let directory = home.work
            let clock = ContinuousClock()
            let spawning = try await clock.measure {
                for _ in 0..<count / 20 {
                    let answers = try await atOnce(20) { _ in
                        try await first.post("spawn-session", ["directory": .string(directory)])
                    }
                    #expect(answers.allSatisfy { $0.body["success"]?.bool == true }, "\(answers)")
                }
            }
            // A session may report before its monitor has recorded its process.
            let before = try await eventually("the processes on record") {
                let sessions = try await home.list()
                return sessions.allSatisfy { $0.pid != nil } ? sessions : nil
            }
            #expect(before.count == count)
            try await home.killRunner()
            let restart = try await clock.measure { try await home.startRunner() }
            let after = try await home.list()
            #expect(after.map(\.pid) == before.map(\.pid))
            #expect(after.allSatisfy { $0.adopted })
            let runner = try home.runner()
            let numbers = "\(descriptorCount(runner.pid)) descriptors, \(residentKiB(runner.pid)) KiB"
            let stopping = try await clock.measure { try await stopAll(home) }
            print(
                "limits: \(count) live sessions: \(numbers); spawned in \(spawning), adopted in \(restart), stopped in \(stopping)"
            )
            try await home.stopRunner()
        }
    }

    private func stopAll(_ home: TestHome) async throws {
        let control = try home.control()
        let sessions = try await home.list()
        for begin in stride(from: 0, to: sessions.count, by: 32) {
            let some = Array(sessions[begin..<min(begin + 32, sessions.count)])
            let answers = try await atOnce(some.count) { index in
                try await control.post("stop-session", ["sessionId": .string(some[index].id)])
            }
            #expect(answers.allSatisfy { $0.body["success"]?.bool == true }, "\(answers)")
        }
        #expect(home.sessionProcesses().isEmpty)
        #expect(try await home.list().isEmpty)
    }

    @Test(.timeLimit(.minutes(30))) func startingAndStoppingLeaksNeitherDescriptorsNorMemory() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "200"]) { home in
            let runner = try await home.startRunner()
            let control = try home.control()
            let cycles = Self.isLong ? 1000 : 50
            try await cycle(20, home, control)
            let (files, memory) = (descriptorCount(runner.pid), residentKiB(runner.pid))
            try await cycle(cycles, home, control)
            try await eventually("no descriptor more than before: \(files)") {
                descriptorCount(runner.pid) <= files
            }
            let grown = residentKiB(runner.pid) - memory
            print(
                "limits: \(cycles) cycles: \(files) -> \(descriptorCount(runner.pid)) descriptors, \(memory) KiB \(grown < 0 ? "-" : "+") \(abs(grown)) KiB"
            )
            // A leak of one KiB or more per cycle would show here, in spite of caches.
            #expect(grown < 4096 + cycles * 4)
            try await home.stopRunner()
        }
    }

    private func cycle(_ count: Int, _ home: TestHome, _ control: ControlPort) async throws {
        let directory = home.work
        for _ in 0..<count / 5 {
            let answers = try await atOnce(5) { _ in
                let started = try await control.post("spawn-session", ["directory": .string(directory)])
                return try await control.post("stop-session", ["sessionId": started.body["sessionId"] ?? ""])
            }
            #expect(answers.allSatisfy { $0.body["success"]?.bool == true }, "\(answers)")
        }
    }

    // MARK: Logs

    @Test func aSessionsLogStaysWithinItsBound() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "100"]) { home in
            try await home.startRunner()
            let id = try await home.spawn("noisy", behaving: "noise=25000000")
            let session = try await home.session(id)
            let (pid, log) = (try #require(session.pid), try #require(session.logPath))
            try await eventually("the end of the noise") { home.exists("\(home.traces)/\(pid).noise-done") }
            try await eventually("a log within its bound") { size(log) <= 16 << 20 }
            #expect(size(log) > 0 && isAlive(pid))
            try await stopAll(home)
            try await home.stopRunner()
        }
    }

    /// The disk space it uses.
    private func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_blocks) * 512 : 0
    }
}
