import FoundationEssentials
import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// Switching from HAPI's own runner to this one.
@Suite(.serialized) struct TakeoverTests {
    @Test func theSessionsOfHAPIsRunnerAreTakenOverBeforeItIsStopped() async throws {
        try await TestHome.with(strays: true) { home in
            _ = try home.makeDirectory("home")
            chmod(home.path, 0o700)
            let foreign = try home.start([
                Paths.python, Paths.root + "/Tests/Hub/foreign.py", home.path, home.work, "runner",
                "start-sync",
            ])
            try await eventually("HAPI's runner") { home.exists(home.stateFile) }
            let pids = try JSON.decode([Int32].self, from: home.bytes(home.work + "/pids.json") ?? [])
            let processes = pids.compactMap(ProcessTable.identity)
            try #require(processes.count == 5)
            defer { for process in processes { _ = killVerified(process) } }

            let stop = try await home.hapi("runner", "stop-session", "long-gone")
            #expect(stop.status == 0 && stop.output.contains("had already ended"), "\(stop)")

            let started = try await home.hapi("runner", "start")
            #expect(started.status == 0, "\(started)")
            #expect(started.errors.contains("taking over its sessions: 3"), "\(started)")
            #expect(try await foreign.ended() == 0)
            let sessions = try await home.list()
            #expect(Set(sessions.map(\.happySessionId)) == ["child", "resumed", "terminal"])
            #expect(Set(sessions.compactMap(\.pid)) == [pids[0], pids[1], pids[3]])
            #expect(sessions.allSatisfy { $0.state == "running" && $0.directory == home.work })
            let child = try #require(sessions.first { $0.happySessionId == "child" })
            #expect(child.agent == "codex" && child.startedBy == "runner")

            #expect(try await home.hapi("runner", "stop-session", "child").status == 0)
            #expect(!isAlive(processes[0]) && isAlive(processes[2]) && isAlive(processes[4]))
            #expect(try await home.hapi("runner", "stop-session", "long-gone").status == 0)
        }
    }

    /// HAPI's runner stops a running one without giving a reason.
    @Test func aRunnerThatHAPIsOwnTakesThePlaceOfWasReplaced() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let script = """
                import sys, urllib.request
                request = urllib.request.Request(sys.argv[1] + "/stop", b"{}", {"Content-Type": "application/json"})
                urllib.request.urlopen(request).read()
                """
            let port = try home.control().port
            let asker = try home.start([
                Paths.python, "-c", script, "http://127.0.0.1:\(port)", "runner", "start-sync",
            ])
            #expect(try await asker.ended() == 0)
            try await eventually("the runner's end") { !isAlive(runner) }
            let status = try await home.hapi("runner", "status")
            #expect(status.output.contains("replaced by another at"), "\(status)")
        }
    }
}
