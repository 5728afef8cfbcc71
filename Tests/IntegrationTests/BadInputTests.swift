import Glibc
import RunnerTestSupport
import Testing

/// Invalid arguments, variables and files.
@Suite(.serialized) struct BadInputTests {
    @Test(arguments: ["{", "[]", "null", "\u{0}\u{1}"])
    func unreadableSettingsAreNamedAndNotReplaced(text: String) async throws {
        try await TestHome.with { home in
            try home.writeSettings(text)
            let before = home.text(home.settings)
            for command in [["runner", "start"], ["runner", "start-sync"], ["claude"]] {
                let child = try home.launch(command, in: home.work)
                #expect(try await child.ended() == 1, "\(command)")
                #expect(child.errors.contains(home.settings), "\(command): \(child.errors)")
            }
            #expect(home.text(home.settings) == before)
        }
    }

    @Test(arguments: [
        ("HAPI_RUNNER_HEARTBEAT_INTERVAL", "soon"), ("HAPI_RUNNER_HTTP_TIMEOUT", "-1"),
        ("HAPI_RUNNER_WEBHOOK_TIMEOUT_MS", "1.5"), ("HAPI_EXTRA_HEADERS_JSON", "{"),
        ("HAPI_EXTRA_HEADERS_JSON", "[]"), ("HAPI_CLI_EXECUTABLE", "hapi"),
    ])
    func aVariableThatCannotBeUsedIsNamed(name: String, value: String) async throws {
        try await TestHome.with { home in
            let finished = try await home.hapi("runner", "start", changes: [name: value])
            #expect(finished.status == 1)
            #expect(finished.errors.contains(name), "\(finished)")
            #expect(name.contains("HEADERS") || finished.errors.contains(value), "\(finished)")
            #expect(!home.exists(home.stateFile))
        }
    }

    @Test func wrongUsageExitsWithSixtyFourAndTellsWhatWouldBeRight() async throws {
        try await TestHome.with { home in
            let commands = [
                ["runner", "start", "--nonsense"], ["runner", "nonsense"],
                ["runner", "list", "--limit", "3"],
                ["runner", "history", "--limit", "0"], ["runner", "history", "--limit", "many"],
                ["runner", "spawn"], ["runner", "spawn", "/tmp", "--agent", "gemini"],
                ["runner", "stop-session"],
                ["runner", "status", "--nonsense"],
            ]
            for command in commands {
                let child = try home.launch(command)
                #expect(try await child.ended() == 64, "\(command)")
                #expect(child.errors.hasPrefix("hapi: "), "\(command): \(child.errors)")
                #expect(child.errors.contains("\n  hint: hapi "), "\(command): \(child.errors)")
                #expect(child.output.isEmpty, "\(command)")
            }
        }
    }

    @Test func agentFlagsWithWrongValuesAreNamed() async throws {
        try await TestHome.with { home in
            try home.installAgent("claude", "echo started")
            for (flag, value) in [("--hapi-starting-mode", "sideways"), ("--started-by", "nobody")] {
                let finished = try await home.hapi("claude", flag, value, in: home.work)
                #expect(finished.status != 0)
                #expect(finished.errors.contains(flag) && finished.errors.contains(value))
                #expect(finished.output.isEmpty)
            }
        }
    }

    @Test(arguments: ["", "{", "[]", #"{"pid":"x","httpPort":[]}"#, #"{"pid":1,"httpPort":1}"#])
    func aStateFileThatMakesNoSenseStopsNobody(text: String) async throws {
        try await TestHome.with { home in
            _ = try home.makeDirectory("home")
            try home.write("home/runner.state.json", text)
            #expect(try await home.status().running == false)
            #expect(try await home.hapi("runner", "stop").status == 0)
            let runner = try await home.startRunner()
            // A running runner doesn't need it either.
            try home.write("home/runner.state.json", text)
            #expect(try await home.status().runner?.pid == runner.pid)
            #expect(try await home.hapi("runner", "stop").status == 0)
            #expect(!isAlive(runner))
        }
    }

    @Test func theHomeMayBeGivenRelativeToTheWorkingDirectory() async throws {
        try await TestHome.with { home in
            let started = try await home.hapi(
                "runner", "start", changes: ["HAPI_HOME": "home"], in: home.root)
            #expect(started.status == 0, "\(started)")
            #expect(try await home.status().running)
        }
    }
}
