import FoundationEssentials
import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// A kernel or a sandbox that refuses system calls.
@Suite(.serialized) struct SandboxTests {
    private func run(
        _ home: TestHome, refusing refused: [String], _ arguments: String...
    ) async throws -> Finished {
        let child = try home.start([Paths.refusing] + refused + [Paths.program] + arguments)
        let status = try await child.ended(within: .seconds(60))
        return Finished(status: status, output: child.output, errors: child.errors)
    }

    @Test(arguments: ["ENOSYS", "EPERM"])
    func withoutPidfdsSessionsAreFollowedAndStoppedAllTheSame(error: String) async throws {
        let refused = ["pidfd_open=\(error)"]
        try await TestHome.with { home in
            let started = try await run(home, refusing: refused, "runner", "start")
            try #require(started.status == 0, "\(started)")
            let runner = try home.runner()
            let exiting = try await home.spawn("exiting", behaving: "exit-after=7")
            #expect(try await home.ending(of: exiting).code == 7)
            let stubborn = try await home.spawn("stubborn", behaving: "ignore-term")
            let process = try await home.process(of: stubborn)
            let stopped = try await run(home, refusing: refused, "runner", "stop-session", stubborn)
            #expect(stopped.status == 0 && !isAlive(process), "\(stopped)")
            #expect(try await home.ending(of: stubborn).signal == "SIGKILL")
            let ended = try await run(home, refusing: refused, "runner", "stop")
            #expect(ended.status == 0 && ended.output.contains("stopped"), "\(ended)")
            #expect(!isAlive(runner))
        }
    }

    @Test func aRunnerThatDoesNotListenIsKilledWithoutPidfdsToo() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            kill(runner.pid, SIGSTOP)
            let stopped = try await run(home, refusing: ["pidfd_open=EPERM"], "runner", "stop")
            #expect(stopped.status == 0 && !isAlive(runner), "\(stopped)")
        }
    }

    /// If clone3 does not exist, threads are created without it. If it is forbidden, no thread can be
    /// created.
    @Test func whereNoThreadCanBeMadeThatIsSaid() async throws {
        try await TestHome.with { home in
            let refused = try await run(home, refusing: ["clone3=EPERM"], "runner", "start")
            #expect(refused.status == 1 && refused.errors.contains("cannot start a thread"), "\(refused)")
            let absent = try await run(home, refusing: ["clone3=ENOSYS"], "runner", "start")
            #expect(absent.status == 0, "\(absent)")
        }
    }
}
