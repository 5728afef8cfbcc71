import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// The output of the commands.
@Suite(.serialized) struct OutputTests {
    private static let listFields: Set = [
        "id", "name", "happySessionId", "startedBy", "pid", "state", "agent", "directory", "startedAt",
        "adopted",
        "logPath",
        "endedAt", "exit", "stoppedBy", "leftBehind",
    ]

    @Test func everyFieldOfTheJSONIsThereWhetherItAppliesOrNot() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            _ = try await home.spawn("live")
            let ended = try await home.spawn("ended", behaving: "exit-after=0")
            try await home.ending(of: ended)

            let all = try await json(home, "list", "--all")
            #expect(all.array?.map(\.keys) == [Self.listFields, Self.listFields])
            #expect(all.array?.first?["exit"] == .null && all.array?.first?["endedAt"] == .null)
            let exit = try #require(all.array?.last?["exit"])
            #expect(exit.keys == ["reason", "code", "signal", "message", "at"])
            #expect(exit["signal"] == .null && exit["message"] == .null)

            let history = try await json(home, "history")
            #expect(history.array?.first?.keys == Self.listFields.union(["spawnRequest"]))
            #expect(history.array?.first?["happySessionId"]?.string == ended)
            let one = try await json(home, "history", ended)
            #expect(one.keys == Self.listFields.union(["spawnRequest", "events", "turns", "decisions"]))
            #expect(
                one["spawnRequest"]?.keys == ["id", "source", "requestedAt", "outcome", "error", "progress"])
            #expect(one["events"]?.array?.allSatisfy { $0.keys == ["at", "kind", "detail"] } == true)
        }
    }

    @Test func statusTellsTheSameFieldsUpAndDown() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "50"]) { home in
            let fields: Set = ["running", "runner", "lastRunner", "sessions", "store"]
            let before = try await json(home, "status", status: 3)
            #expect(before.keys == fields && before["runner"] == .null && before["lastRunner"] == .null)
            #expect(before["sessions"] == ["live": 0, "unverifiable": 0, "leftBehind": 0])

            try await home.startRunner()
            try await eventually("a heartbeat") { try await home.status().runner?.lastHeartbeatAt != nil }
            let up = try await json(home, "status")
            #expect(up.keys == fields && up["lastRunner"] == .null)
            #expect(
                up["runner"]?.keys == [
                    "pid", "startedAt", "uptimeSeconds", "cliVersion", "cliModifiedAt", "httpPort",
                    "lastHeartbeatAt",
                    "logPath", "hubUrl", "hubState", "machineId", "notice", "sessionPath", "agents",
                ])
            #expect(up["runner"]?["hubUrl"] == .null)
            #expect(up["store"]?.keys == ["path", "schemaVersion"])
            let beat = try #require(up["runner"]?["lastHeartbeatAt"]?.string)
            #expect(beat.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(beat)")

            try await home.stopRunner()
            let down = try await json(home, "status", status: 3)
            #expect(down.keys == fields && down["runner"] == .null)
            #expect(down["lastRunner"]?.keys == ["pid", "startedAt", "endedAt", "endReason", "endDetail"])
        }
    }

    @Test func theStateFileHasTheFieldsOthersReadAndIsForItsOwnerOnly() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let state = try home.state()
            #expect(state["pid"]?.integer == Int(runner.pid))
            #expect(state["startedWithVersionHandoffDisabled"]?.bool == true)
            #expect(state["startedWithMachineId"]?.string == (try home.machineID))
            for field in ["startTime", "startedWithCliVersion", "startedWithApiUrl", "runnerLogPath"] {
                #expect(state[field]?.string != nil, "\(field)")
            }
            let words = home.text("/proc/\(runner.pid)/cmdline")?.split(separator: "\0") ?? []
            #expect(words.contains("runner") && words.contains("start-sync"))
            for (path, wanted) in [
                (home.path, 0o700), (home.store, 0o600), (home.stateFile, 0o600), (home.settings, 0o600),
            ] {
                var found = stat()
                #expect(stat(path, &found) == 0 && Int(found.st_mode) & 0o777 == wanted, "\(path)")
            }
        }
    }

    @Test func colourIsForATerminalThatWantsIt() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            _ = try await home.spawn("one")
            let piped = try await home.hapi("runner", "list")
            #expect(piped.output.contains("running") && !piped.output.contains("\u{1b}["))
            #expect(try await inTerminal(home, ["TERM": "xterm"]).contains("\u{1b}[32mrunning"))
            #expect(try await !inTerminal(home, ["TERM": "xterm", "NO_COLOR": "1"]).contains("\u{1b}["))
            #expect(try await !inTerminal(home, ["TERM": "dumb"]).contains("\u{1b}["))
        }
    }

    @Test func logsTellsWhereTheLogsAre() async throws {
        try await TestHome.with { home in
            #expect(try await home.hapi("runner", "logs").status == 1)
            try await home.startRunner()
            let path = try await home.hapi("runner", "logs").output.dropLast()
            #expect(try await home.status().runner?.logPath == String(path))
            #expect(home.text(String(path))?.contains("starting") == true)
            let id = try await home.spawn("one")
            let session = try await home.session(id)
            let shown = try await home.hapi("runner", "logs", id, "--path")
            #expect(shown.output == "\(session.logPath ?? "")\n")
            #expect(try await home.hapi("runner", "logs", "unknown").status == 1)
            let follower = try home.launch(["runner", "logs", session.id, "-f"])
            #expect(try await follower.firstLine() == "session \(id)")
        }
    }

    @Test func versionAndHelpNeedNothing() async throws {
        try await TestHome.with { home in
            let version = try await home.hapi("--version")
            #expect(version.status == 0 && version.output.hasPrefix("hapi version: "))
            for arguments in [
                ["help"], ["--help"], ["help", "runner"], ["runner", "help"], ["runner", "--help"],
                ["runner", "start", "-h"],
            ] {
                let child = try home.launch(arguments)
                #expect(try await child.ended() == 0, "\(arguments)")
                #expect(child.output.contains("USAGE") && child.errors.isEmpty, "\(arguments)")
            }
            #expect(!home.exists(home.path))
        }
    }

    private func json(
        _ home: TestHome, _ arguments: String..., status: Int32 = 0,
        location: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let child = try home.launch(["runner"] + arguments + ["--json"])
        #expect(try await child.ended() == status, "\(child.errors)", sourceLocation: location)
        #expect(child.errors.isEmpty, sourceLocation: location)
        return try JSONValue(json: child.output)
    }

    /// The output of `hapi runner list` in a terminal.
    private func inTerminal(_ home: TestHome, _ environment: [String: String]) async throws -> String {
        let script = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))"
        let command = [Paths.python, "-c", script, Paths.program, "runner", "list"]
        let child = try home.start(command, environment)
        #expect(try await child.ended() == 0, "\(child.errors)")
        return child.output
    }
}
