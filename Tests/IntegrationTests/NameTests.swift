import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// Names of sessions, and that they are accepted wherever an id is.
@Suite(.serialized) struct NameTests {
    private func spawn(_ home: TestHome, _ directory: String, _ more: String...) async throws -> Finished {
        let child = try home.launch(["runner", "spawn", directory] + more)
        let status = try await child.ended(within: .seconds(40))
        return Finished(status: status, output: child.output, errors: child.errors)
    }

    @Test func aSessionIsCalledAsItsDirectoryOrAsAskedAndEveryNameIsOneLiveSessions() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/web shop")
            let first = try await spawn(home, directory)
            #expect(first.status == 0 && first.output.contains("Started web-shop (claude, "), "\(first)")
            #expect(first.output.contains("hapi stop web-shop"), "\(first)")
            #expect(try await spawn(home, directory).output.contains("Started web-shop-2"))
            #expect(try await spawn(home, directory, "--name", "fix-login").status == 0)
            let taken = try await spawn(home, directory, "--name", "fix-login")
            #expect(
                taken.status == 1 && taken.errors.contains("a live session is already called fix-login"),
                "\(taken)")
            let wrong = try await spawn(home, directory, "--name", "-x y")
            #expect(wrong.status != 0, "\(wrong)")
            #expect(try await home.list().map(\.name) == ["web-shop", "web-shop-2", "fix-login"])

            #expect(try await home.hapi("history", "fix-login").status == 0)
            let unclear = try await home.hapi("logs", "web")
            #expect(unclear.status == 1 && unclear.errors.contains("web could be web-shop ("), "\(unclear)")
            let stopped = try await home.hapi("stop", "fix-login")
            #expect(stopped.status == 0 && stopped.output == "Stopped fix-login.\n", "\(stopped)")
            #expect(try await home.hapi("stop", "fix").output.contains("already ended"))
            // The name is free again.
            #expect(try await spawn(home, directory, "--name", "fix-login").status == 0)
        }
    }

    @Test func aSessionThatEndsAtOnceIsSaidWithItsLastLine() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/one", behaving: "exit-after=3,noise=3")
            let finished = try await spawn(home, directory)
            #expect(finished.status == 1, "\(finished)")
            #expect(finished.errors.contains("one ended at once: exit 3"), "\(finished)")
        }
    }

    @Test func waitExitsAsTheSessionDid() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let ended = try await home.spawn("seven", behaving: "exit-after=7")
            try await home.ending(of: ended)
            let waited = try await home.hapi("runner", "wait", "seven")
            #expect(waited.status == 7 && waited.output.hasPrefix("seven: exit 7 after "), "\(waited)")
            _ = try await home.spawn("live")
            let late = try await home.hapi("runner", "wait", "live", "--timeout", "1s")
            #expect(late.status == 1 && late.errors.contains("live is still running"), "\(late)")
            let waiting = try home.launch(["runner", "wait", "seven", "live"])
            #expect(try await home.hapi("stop", "live").status == 0)
            #expect(try await waiting.ended() == 7)
        }
    }

    @Test func aSessionIsRestartedAsItWasAskedFor() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/one")
            #expect(
                try await spawn(home, directory, "--agent", "codex", "--model", "o3", "--yolo").status == 0)
            let before = try #require(try await home.list().first)
            let again = try await home.hapi("runner", "restart", "one")
            #expect(again.status == 0 && again.output.contains("Started one (codex"), "\(again)")
            let after = try #require(try await home.list().first)
            #expect(after.id != before.id && after.name == "one" && after.agent == "codex")
            let arguments = try await eventually("the session's trace") {
                try home.trace(after.pid ?? 0)?.argv
            }
            #expect(arguments.contains("o3") && arguments.contains("--yolo"), "\(arguments)")
        }
    }

    @Test func theRunnerIsRestartedWithItsFlagsAndItsEnvironment() async throws {
        try await TestHome.with { home in
            #expect(try await home.hapi("runner", "restart").status == 3)
            let first = try await home.startRunner(
                ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "70000"], ["--workspace-root", home.work])
            let session = try await home.process(of: try await home.spawn("one"))
            let again = try await home.hapi("runner", "restart")
            #expect(again.status == 0, "\(again)")
            let second = try home.runner()
            #expect(second != first && isAlive(session))
            #expect(try home.state()["startedWithArgv"]?.array?.last?.string == home.work)
            #expect(processFile(second.pid, "environ").contains("HAPI_RUNNER_HEARTBEAT_INTERVAL=70000"))
        }
    }
}
