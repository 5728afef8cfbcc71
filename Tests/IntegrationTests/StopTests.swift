import Glibc
import RunnerTestSupport
import Testing

/// Ways to stop a runner, and what it leaves.
@Suite(.serialized) struct StopTests {
    @Test func stopLeavesSessionsRunningAndItsFilesGone() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let session = try await home.process(of: home.spawn("one"))
            let finished = try await home.hapi("runner", "stop")
            #expect(finished.status == 0 && finished.output.contains("\(runner.pid)"))
            #expect(!isAlive(runner))
            #expect(isAlive(session))
            #expect(!home.exists(home.stateFile) && !home.exists(home.lockFile))
            let status = try await home.status()
            #expect(status.lastRunner?.endReason == "hapi-cli")
            #expect(status.lastRunner?.pid == runner.pid)
            #expect(status.sessions.live == 1)
        }
    }

    @Test func stopWithoutARunnerSaysSo() async throws {
        try await TestHome.with { home in
            let finished = try await home.hapi("runner", "stop")
            #expect(finished.status == 0)
            #expect(finished.output.contains("No runner is running"))
        }
    }

    @Test func aSignalIsACleanStop() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            #expect(killVerified(runner, SIGTERM))
            try await eventually("the runner's end") { !isAlive(runner) }
            #expect(try await home.status().lastRunner?.endReason == "os-signal")
            #expect(!home.exists(home.stateFile) && !home.exists(home.lockFile))
        }
    }

    @Test func theControlServerStopsTheRunner() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let answer = try await home.control().post("stop")
            #expect(answer.status == 200 && answer.body == ["status": "stopping"])
            try await eventually("the runner's end") { !isAlive(runner) }
        }
    }

    @Test func aSuspendedRunnerIsWokenToStop() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HTTP_TIMEOUT": "500"]) { home in
            let runner = try await home.startRunner()
            let session = try await home.process(of: home.spawn("one"))
            #expect(killVerified(runner, SIGSTOP))
            let finished = try await home.hapi("runner", "stop")
            #expect(finished.status == 0, "\(finished)")
            #expect(!isAlive(runner))
            #expect(isAlive(session))
            #expect(try await home.status().lastRunner?.endReason == "os-signal")
        }
    }

    /// As under `nohup`.
    @Test func aHangupThatIsIgnoredFromTheStartStopsNothing() async throws {
        try await TestHome.with { home in
            let command = "trap '' HUP; exec \(Paths.program) runner start-sync"
            let child = try home.start(["/bin/sh", "-c", command])
            try await eventually("the runner") { try await home.status().runner?.httpPort != nil }
            child.signal(SIGHUP)
            try await always("it stopped", for: .milliseconds(500)) { child.status == nil }
            child.signal(SIGTERM)
            #expect(try await child.ended() == 0)
            #expect(try await home.status().lastRunner?.endReason == "os-signal")
        }
    }

    @Test func aRunnerThatHangsIsEndedByForceAndItsSessionsLive() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner(["HAPI_CRASH_AT": "shutdown-announced:hang"])
            let session = try await home.process(of: home.spawn("one"))
            let finished = try await home.hapi("runner", "stop")
            #expect(finished.status == 0, "\(finished)")
            #expect(!isAlive(runner))
            #expect(isAlive(session))
            #expect(try await home.status().lastRunner?.endReason == "crashed")
        }
    }

    @Test func withoutARunnerCommandsThatNeedOneExitWithThree() async throws {
        try await TestHome.with { home in
            #expect(try await home.hapi("runner", "spawn", home.work).status == 3)
            let stopped = try await home.hapi("runner", "stop-session", "PID-1")
            #expect(stopped.status == 3)
            #expect(stopped.errors.contains("hapi runner start"))
            #expect(try await home.hapi("runner", "status").status == 3)
            #expect(try await home.list().isEmpty)
        }
    }
}
