import FoundationEssentials
import Glibc
import Processes
import RunnerTestSupport
import Testing

/// A home that is removed while its runner is running.
@Suite(.serialized) struct GoneHomeTests {
    @Test func aRunnerWhoseHomeIsRemovedSaysSoAndEndsWithItsNextHeartbeat() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "300"], strays: true) { home in
            let runner = try home.launch(["runner", "start-sync"])
            try await eventually("the runner") { home.exists(home.stateFile) }
            let id = try await home.spawn("one")
            let session = try await home.process(of: id)
            let monitor = try #require(ProcessTable.status(of: session.pid)?.parent)
            try FileManager.default.removeItem(atPath: home.path)
            #expect(try await runner.ended() == 1)
            #expect(runner.errors.contains("was removed or replaced"), "\(runner.errors)")
            #expect(isAlive(session))
            #expect(killVerified(session))
            // It would wait for the store for five minutes.
            kill(monitor, SIGKILL)
        }
    }

    @Test func oneThatIsReplacedByAnotherIsNoHomeEither() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "300"]) { home in
            let runner = try await home.startRunner()
            #expect(rename(home.path, home.path + ".old") == 0)
            _ = try home.makeDirectory("home")
            try await eventually("the runner's end") { !isAlive(runner) }
            let next = try await home.startRunner()
            #expect(isAlive(next))
        }
    }

    @Test func aStopFindsTheRunnerOfARemovedHome() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            try FileManager.default.removeItem(atPath: home.path)
            let stopped = try await home.hapi("runner", "stop")
            #expect(stopped.status == 0 && stopped.output.contains("(process \(runner.pid))"), "\(stopped)")
            #expect(!isAlive(runner))
            #expect(try await home.hapi("runner", "stop").output.contains("No runner"))
        }
    }
}
