import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// `hapi doctor`: each problem is a finding that names its cause.
@Suite(.serialized) struct DoctorTests {
    private func findings(_ home: TestHome, _ changes: [String: String] = [:]) async throws -> (
        JSONValue, Int32
    ) {
        let finished = try await home.hapi("doctor", "--json", changes: changes)
        return (try JSONValue(json: finished.output), finished.status)
    }

    private func problems(_ report: JSONValue) -> [String] {
        (report["findings"]?.array ?? []).filter { $0["level"] == "bad" }.compactMap { $0["check"]?.string }
    }

    @Test func aHealthyRunnerHasNoProblems() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try home.installAgent("claude", "echo 2.1.0")
                try await home.startRunner()
                let (report, status) = try await findings(home)
                #expect(status == 0 && problems(report).isEmpty, "\(report)")
                let shown = try await home.hapi("doctor")
                #expect(
                    shown.output.contains("✓ claude: 2.1.0") && shown.output.contains("Nothing is wrong."))
                #expect(!shown.output.contains("secret"))
            }
        }
    }

    @Test func whatIsWrongIsNamedWithTheCommandThatHelps() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, ["CLI_API_TOKEN": "wrong"]) { home in
                let (report, status) = try await findings(home, ["PATH": home.root + "/bin"])
                #expect(status == 1 && report["healthy"] == false)
                #expect(
                    problems(report) == ["token", "agents"] || problems(report).contains("runner"),
                    "\(report)")
                let helps = (report["findings"]?.array ?? []).filter { $0["level"] == "bad" }
                #expect(helps.allSatisfy { $0["hint"]?.string != nil }, "\(report)")
            }
        }
    }

    @Test func aRunnerThatDiedIsFoundAndItsFilesAreCleanedUp() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let session = try await home.process(of: try await home.spawn("one"))
            try await home.killRunner()
            let (report, _) = try await findings(home)
            #expect(problems(report).contains("runner"), "\(report)")
            try home.write("home/logs/sessions/nobody.log", "old")
            let asked = try await home.hapi("doctor", "clean")
            #expect(asked.status == 1 && home.exists(home.stateFile), "\(asked)")
            let cleaned = try await home.hapi("doctor", "clean", "--yes")
            #expect(
                cleaned.status == 0 && !home.exists(home.stateFile) && !home.exists(home.lockFile),
                "\(cleaned)")
            #expect(!home.exists(home.path + "/logs/sessions/nobody.log"))
            #expect(isAlive(session))
            #expect(try await home.list().count == 1)
        }
    }

    @Test func aRunningRunnersFilesAreNeverCleanedUp() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let cleaned = try await home.hapi("doctor", "clean", "--yes")
            #expect(cleaned.output.contains("nothing to remove"), "\(cleaned)")
            #expect(isAlive(runner) && home.exists(home.stateFile))
        }
    }

    @Test func aDamagedStoreIsNamed() async throws {
        try await TestHome.with { home in
            _ = try home.makeDirectory("home")
            try home.write("home/runner.db", "this is no database, and it is longer than its header")
            let (report, status) = try await findings(home)
            #expect(status == 1 && problems(report).contains("store"), "\(report)")
        }
    }

    /// One second too many of each would be a minute of all.
    @Test func agentsThatHangHoldUpNobodyForLong() async throws {
        try await TestHome.with { home in
            for agent in ["claude", "codex", "goose", "qwen", "kimi"] {
                try home.installAgent(agent, "exec sleep 600")
            }
            let begun = ContinuousClock.now
            let (report, _) = try await findings(home)
            #expect(ContinuousClock.now - begun < .seconds(15), "\(report)")
            let agents = (report["findings"]?.array ?? []).filter { $0["check"] == "claude" }
            #expect(agents.first?["level"] == "note", "\(report)")
        }
    }

    @Test func anAgentThatOnlyThisShellFindsIsNamed() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            _ = try home.makeDirectory("elsewhere")
            try home.write("elsewhere/goose", "#!/bin/sh\necho 1.0\n", mode: 0o755)
            let path = "\(home.root)/elsewhere:\(home.environment["PATH"] ?? "")"
            let (report, status) = try await findings(home, ["PATH": path])
            let finding = (report["findings"]?.array ?? []).first { $0["check"] == "PATH" }
            #expect(
                status == 1 && finding?["message"]?.string?.contains("elsewhere/goose") == true, "\(report)")
        }
    }

    @Test func theHubsProtocolAndClockAreCompared() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let (report, _) = try await findings(home)
                let checks = (report["findings"]?.array ?? []).filter { $0["level"] == "good" }
                    .compactMap { $0["check"]?.string }
                #expect(checks.contains("protocol") && checks.contains("clock"), "\(report)")
            }
        }
    }

    @Test func settingsThatOthersCanReadAreNamed() async throws {
        try await TestHome.with { home in
            try home.writeSettings(#"{"cliApiToken": "secret"}"#)
            chmod(home.path, 0o700)
            chmod(home.path + "/settings.json", 0o644)
            let (report, status) = try await findings(home)
            #expect(status == 1 && problems(report).contains("settings"), "\(report)")
        }
    }
}
