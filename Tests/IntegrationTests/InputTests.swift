import FoundationEssentials
import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// Input: directories, variables, settings, bytes.
@Suite(.serialized) struct InputTests {
    @Test func aCurrentDirectoryThatIsGoneStandsForNothing() async throws {
        try await TestHome.with { home in
            try home.installAgent("claude", "echo started")
            try await home.startRunner()
            let commands = [
                ["runner", "start", "--replace", "--workspace-root", "."], ["runner", "approve", "."],
                ["runner", "deny", "sub"], ["runner", "spawn", "."],
                ["runner", "spawn", "sub", "--create-directory"], ["runner", "backup", "copy.db"], ["claude"],
            ]
            for command in commands {
                let finished = try await fromGone(home, command)
                #expect(finished.status == 1, "\(command): \(finished)")
                #expect(finished.errors.contains("the current directory is gone"), "\(command): \(finished)")
                #expect(finished.output.isEmpty, "\(command): \(finished)")
            }
            let relative = try await fromGone(home, ["runner", "status"], ["HAPI_HOME": "home"])
            #expect(relative.status == 1 && relative.errors.contains("the current directory is gone"))
            #expect(try await fromGone(home, ["runner", "status"]).status == 0)
            #expect(try await home.hapi("runner", "approvals").output.hasPrefix("No decisions"))
            #expect(try await home.list().isEmpty)
        }
    }

    private func fromGone(
        _ home: TestHome, _ arguments: [String], _ changes: [String: String] = [:]
    ) async throws -> Finished {
        let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" \"$@\""
        let child = try home.start(["/bin/sh", "-c", script, Paths.program] + arguments, changes)
        return Finished(status: try await child.ended(), output: child.output, errors: child.errors)
    }

    @Test(arguments: [
        ("HAPI_API_URL", "localhost:3006"), ("HAPI_API_URL", "'http://hub'"),
        ("HAPI_API_URL", "http://hub a"),
        ("HAPI_API_URL", "http://127.0.0.1:70000"), ("HAPI_API_URL", "http://user:s3cret@localhost"),
        ("HAPI_API_URL", "http://localhost/?token=s3cret"), ("CLI_API_TOKEN", "s3\u{1}cret"),
        ("CLI_API_TOKEN", "s3\ncret"), ("HAPI_EXTRA_HEADERS_JSON", #"{"X-A":"s3\u0001cret"}"#),
        ("HAPI_LOG_LEVEL", "loud"),
    ])
    func whatCannotBeUsedIsRefusedByNameAndNeverShown(name: String, value: String) async throws {
        try await TestHome.with { home in
            try home.installAgent("claude", "echo started")
            for command in [["runner", "start"], ["runner", "start-sync"], ["claude"], ["auth", "status"]] {
                let child = try home.launch(command, [name: value])
                #expect(try await child.ended() == 1, "\(command)")
                #expect(child.errors.contains(name), "\(command): \(child.errors)")
                #expect(!(child.output + child.errors).contains("cret"), "\(command): \(child.errors)")
            }
            #expect(!home.exists(home.stateFile))
            // `status` and `stop` still work.
            #expect(try await home.hapi("runner", "status", changes: [name: value]).status == 3)
            #expect(try await home.hapi("runner", "stop", changes: [name: value]).status == 0)
        }
    }

    @Test(arguments: [
        #"{"cliApiToken":1234567}"#, #"{"apiUrl":5}"#, #"{"serverUrl":"localhost"}"#, #"{"machineId":[]}"#,
        #"{"extraHeaders":"X-A: 1"}"#, #"{"agentPrograms":{"claude":7}}"#,
        #"{"agentPrograms":{"claude":"bin/claude"}}"#, #"{"runnerAutoStartWhenRunningHappy":"yes"}"#,
        #"{"directoryCreation":true}"#, #"{"cliApiToken":"a\u0000b"}"#,
    ])
    func aKeyOfTheWrongKindIsNamedWithItsFile(settings: String) async throws {
        try await TestHome.with { home in
            try home.writeSettings(settings)
            let key = try #require(try JSONValue(json: settings).keys.first)
            let finished = try await home.hapi("runner", "start")
            #expect(finished.status == 1)
            #expect(finished.errors.contains(key) && finished.errors.contains(home.settings), "\(finished)")
            #expect(!finished.errors.contains("1234567"))
        }
    }

    @Test func aTokenIsUsedWithoutTheWhiteSpaceAroundIt() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, ["CLI_API_TOKEN": " \(hub.token)\r\n"]) { home in
                try await home.startRunner()
                #expect(try await home.status().runner?.hubState == "connected")
            }
        }
    }

    @Test func aHeaderThatIsNoStringIsLeftOutAndTheRunnerRuns() async throws {
        try await TestHome.with { home in
            let finished = try await home.hapi(
                "runner", "start", changes: ["HAPI_EXTRA_HEADERS_JSON": #"{"X-A":"1","X-B":2}"#])
            #expect(finished.status == 0)
            #expect(finished.errors.contains("X-B") && !finished.errors.contains("X-A"), "\(finished)")
            #expect(home.logText.contains("the value of X-B is left out"))
        }
    }

    @Test func whatASecondStartWouldChangeIsSaid() async throws {
        try await TestHome.with { home in
            let first = try await home.startRunner()
            let again = try await home.hapi("runner", "start", changes: ["HAPI_HOSTNAME": "another"])
            #expect(again.status == 0)
            #expect(again.errors.contains("a different HAPI_HOSTNAME;"), "\(again)")
            #expect(try home.runner() == first)
            let same = try await home.hapi("runner", "start")
            #expect(same.errors.isEmpty, "\(same)")
        }
    }

    @Test func theHomeOfAUserWithoutTheVariableIsTheOneOnRecord() async throws {
        try await TestHome.with { home in
            let finished = try await home.hapi(
                "runner", "status", "--json", changes: ["HOME": "", "HAPI_HOME": ""])
            let record = try #require(getpwuid(getuid()))
            let wanted = String(cString: record.pointee.pw_dir) + "/.hapi/runner.db"
            #expect(try JSONValue(json: finished.output)["store"]?["path"]?.string == wanted, "\(finished)")
        }
    }

    @Test func settingsThatAreALinkStayOne() async throws {
        try await TestHome.with { home in
            _ = try home.makeDirectory("home")
            try home.write("dotfiles.json", #"{"other":1}"#)
            #expect(symlink("../dotfiles.json", home.settings) == 0)
            try await home.startRunner()
            #expect(linkTarget(home.settings) == "../dotfiles.json")
            let kept = try JSONValue(json: home.text("\(home.root)/dotfiles.json") ?? "")
            #expect(kept.keys == ["machineId", "other"])
            #expect(!home.exists(home.settings + ".tmp") && !home.exists("\(home.root)/dotfiles.json.tmp"))
        }
    }

    @Test func ofEqualKeysInTheSettingsTheLastOneHolds() async throws {
        try await TestHome.with { home in
            try home.writeSettings(#"{"apiUrl":"http://first","apiUrl":"http://127.0.0.1:9"}"#)
            let finished = try await home.hapi("auth", "status")
            #expect(finished.output.contains("HAPI_API_URL: http://127.0.0.1:9"), "\(finished)")
        }
    }

    @Test(.enabled(if: TestHome.canMount, "needs root"))
    func aLoopbackThatIsDownIsSaidAtOnce() async throws {
        try await TestHome.with { home in
            let child = try home.start(["/usr/bin/unshare", "-n", Paths.program, "runner", "start"])
            #expect(try await child.ended(within: .seconds(20)) == 1)
            #expect(child.errors.contains("loopback"), "\(child.errors)")
            #expect(!home.exists(home.stateFile))
        }
    }
}
