import Glibc
import RunnerTestSupport
import Testing

/// `hapi runner start` in various situations.
@Suite(.serialized) struct StartTests {
    @Test func startReturnsWhenTheRunnerAnswers() async throws {
        try await TestHome.with { home in
            let finished = try await home.hapi("runner", "start")
            #expect(finished.status == 0)
            #expect(finished.output.contains("Runner started"))
            #expect(finished.output.contains("Local only"))
            #expect(try await home.control().post("list").body == ["children": []])
            let status = try await home.status()
            #expect(status.runner?.hubState == "disabled")
            let port = try home.control().port
            #expect(status.runner?.httpPort == port)
        }
    }

    @Test func startTwiceSaysSoAndStartsNothing() async throws {
        try await TestHome.with { home in
            let first = try await home.startRunner()
            let again = try await home.hapi("runner", "start")
            #expect(again.status == 0)
            #expect(again.output.contains("Already running (process \(first.pid))"))
            #expect(try home.runner() == first)
        }
    }

    @Test func replaceStartsAnotherAndKeepsTheSessions() async throws {
        try await TestHome.with { home in
            let first = try await home.startRunner()
            let id = try await home.spawn("one")
            let session = try await home.process(of: id)
            let second = try await home.startRunner([:], ["--replace"])
            #expect(second != first)
            #expect(!isAlive(first))
            #expect(try await home.process(of: id) == session)
            #expect(isAlive(session))
        }
    }

    @Test func startWithAnotherTokenReplacesTheRunner() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let first = try await home.startRunner()
                try await hub.set(["acceptToken": "another"])
                let second = try await home.startRunner(["CLI_API_TOKEN": "another"])
                #expect(second != first)
                #expect(!isAlive(first))
                #expect(try await home.status().runner?.hubState == "connected")
            }
        }
    }

    @Test func aShellThatNamesNoHubLeavesAConnectedRunnerAlone() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let first = try await home.startRunner()
                let bare = ["HAPI_API_URL": "", "CLI_API_TOKEN": ""]
                let again = try await home.hapi("runner", "start", changes: bare)
                #expect(again.status == 0 && again.output.contains("Already running"), "\(again)")
                #expect(again.output.contains("Connected to \(hub.url)"), "\(again)")
                #expect(again.errors.contains("--replace"), "\(again)")
                #expect(try home.runner() == first)
                // --replace uses this shell's environment.
                #expect(try await home.startRunner(bare, ["--replace"]) != first)
                #expect(try await home.status().runner?.hubState == "disabled")
            }
        }
    }

    @Test func aRunnerThatIsReplacedKeepsTheHubThatNobodyNamesAnew() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let first = try await home.startRunner()
                try await hub.set(["acceptToken": "another"])
                let second = try await home.startRunner(["HAPI_API_URL": "", "CLI_API_TOKEN": "another"])
                #expect(second != first)
                #expect(try await home.status().runner?.hubState == "connected")
            }
        }
    }

    @Test func aDeadRunnersFilesDoNotBlockAStart() async throws {
        try await TestHome.with { home in
            let first = try await home.startRunner()
            try await home.killRunner()
            #expect(home.exists(home.lockFile) && home.exists(home.stateFile))
            let second = try await home.startRunner()
            #expect(second != first)
            #expect(home.text(home.lockFile) == "\(second.pid)")
        }
    }

    @Test func aFailedStartTellsTheReason() async throws {
        try await TestHome.with { home in
            let finished = try await home.hapi("runner", "start", "--workspace-root", "/nowhere")
            #expect(finished.status == 1)
            #expect(finished.errors.contains("--workspace-root") && finished.errors.contains("/nowhere"))
            #expect(!home.exists(home.stateFile))
        }
    }

    @Test func aFailureOfTheDaemonIsToldWithItsLog() async throws {
        try await TestHome.with { home in
            // With the lock of HAPI's own programs held, the machine's id cannot be stored.
            _ = try home.makeDirectory("home/settings.json.hapi.lock")
            let finished = try await home.hapi("runner", "start")
            #expect(finished.status == 1)
            #expect(finished.errors.contains("settings.json.hapi.lock"), "\(finished)")
            let log = try #require(finished.errors.firstMatch(of: /log: ([^)]*)/)?.1)
            #expect(home.text(String(log))?.contains("settings.json.hapi.lock") == true)
            #expect(!home.exists(home.lockFile) && !home.exists(home.stateFile))
        }
    }

    @Test func aStoreThatIsNoDatabaseIsRefusedAndKept() async throws {
        try await TestHome.with { home in
            _ = try home.makeDirectory("home")
            try home.write("home/runner.db", "this is no database, and it is longer than its header")
            for command in ["start", "start-sync", "list", "status", "stop"] {
                let finished = try await home.hapi("runner", command)
                #expect(finished.status == 1, "\(command): \(finished)")
                #expect(finished.errors.contains(home.store), "\(command): \(finished)")
            }
            #expect(home.text(home.store)?.hasPrefix("this is no database") == true)
        }
    }

    @Test func inTheForegroundItRunsUntilItIsSignalled() async throws {
        try await TestHome.with { home in
            let runner = try home.launch(["runner", "start-sync"])
            #expect(try await runner.firstLine().contains("runner \(runner.pid) of \(home.path)"))
            #expect(try await home.control().post("list").status == 200)
            runner.signal(SIGINT)
            #expect(try await runner.ended() == 0)
            #expect(try await home.status().lastRunner?.endReason == "os-signal")
            #expect(!home.exists(home.stateFile) && !home.exists(home.lockFile))
        }
    }

    @Test func aStoreOfANewerVersionIsRefusedAndKept() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            try await home.stopRunner()
            try await home.inStore("PRAGMA user_version = 4711")
            for command in ["start", "start-sync", "list", "status"] {
                let finished = try await home.hapi("runner", command)
                #expect(finished.status == 1, "\(command): \(finished)")
                #expect(finished.errors.contains(home.store), "\(command)")
            }
            #expect(try await home.inStore("PRAGMA user_version") == "4711")
        }
    }
}
