import Glibc
import HubProtocol
import RunnerStore
import RunnerTestSupport
import Testing

/// A session of the runner, with a stand-in for Claude Code and a user at the hub.
@Suite(.serialized) struct RemoteSessionTests {
    /// Runs `body` with a session, and checks at the end that the web app could show everything.
    private static func with(
        _ hubArguments: [String] = [], environment: [String: String] = [:],
        parameters: [String: JSONValue] = [:], _ body: (TestHome, Chat) async throws -> Void
    ) async throws {
        try await TestHub.with(hubArguments) { hub in
            let own = ["HAPI_CLI_EXECUTABLE": Paths.program].merging(environment) { _, new in new }
            try await TestHome.with(hub, own) { home in
                try home.installClaude()
                try await home.startRunner()
                let chat = Chat(hub, try await home.spawn("one", parameters))
                try await body(home, chat)
                let row = try await chat.row()
                #expect(row["faults"] == [])
                if row["ended"]?.isNull != false { _ = try await hub.call("killSession", of: chat.id) }
                try await eventually("the session's end") { try await chat.row()["ended"]?.isNull == false }
                let last = try await chat.row()
                #expect(last["faults"] == [] && last["agentState"]?["requests"] == [:])
            }
        }
    }

    @Test func aConversationIsHeldAndLooksRight() async throws {
        try await Self.with { home, chat in
            try await chat.say("think about it\nsay hello\ntool Bash {\"command\": \"echo x\"}", as: "m1")
            try await chat.shows("(ready) ")
            let lines = try await chat.lines()
            #expect(
                lines == [
                    "> think about it\nsay hello\ntool Bash {\"command\": \"echo x\"}", "~ about it", "hello",
                    "[Bash echo x]", "= ran", "tool said: ran", "(turn_duration)", "(ready) ",
                ])
            try await chat.isIdle()
            let row = try await eventually("the metadata") {
                let row = try await chat.row()
                let metadata = row["metadata"]
                return metadata?["summary"] == nil || metadata?["slashCommands"] == nil ? nil : row
            }
            #expect(
                row["metadata"]?["summary"]?["text"]?.string?.hasPrefix("think about it say hello") == true)
            #expect(row["metadata"]?["claudeSessionId"]?.string != nil)
            #expect(row["metadata"]?["slashCommands"] == ["compact", "own"])
            #expect(row["permissionMode"]?.string == "default" && row["mode"]?.string == "remote")
            let invoked = row["messages"]?.array?.first?["invokedAt"]?.integer ?? 0
            let said = row["messages"]?.array?[1]["createdAt"]?.integer ?? 0
            #expect(invoked <= said && invoked > 0)
        }
    }

    @Test func aPersonDecidesWhatTheAgentMayDo() async throws {
        try await Self.with { home, chat in
            try await chat.say("tool Bash {\"command\": \"make\"}", as: "m1")
            try await chat.decide(chat.request("Bash"), ["approved": true, "allowTools": ["Bash(make)"]])
            try await chat.shows("tool said: ran")
            // Allowed for the session, so there is no second request.
            try await chat.say("tool Bash {\"command\": \"make\"}\nsay twice", as: "m2")
            try await chat.shows("twice")
            try await chat.say("tool Edit {\"file_path\": \"a.txt\"}", as: "m3")
            let card = try await chat.request("Edit")
            try await chat.decide(card, ["approved": false])
            // A second phone decides too late.
            try await chat.decide(card, ["approved": true])
            try await chat.isIdle()
            let done = try await chat.row()["agentState"]?["completedRequests"]
            #expect(done?[card]?["status"]?.string == "denied")
            #expect(try await chat.lines().contains { $0.hasSuffix("(failed)") })
            let history = try await home.hapi("runner", "history", chat.id)
            #expect(history.status == 0, "\(history)")
        }
    }

    @Test func questionsAndPlansAreAnswered() async throws {
        try await Self.with(parameters: ["permissionMode": "plan"]) { home, chat in
            try await chat.say(
                #"tool AskUserQuestion {"questions": [{"question": "Which colour?", "options": []}]}"#,
                as: "m1")
            try await chat.decide(
                chat.request("AskUserQuestion"), ["approved": true, "answers": ["0": ["Blue"]]])
            try await chat.shows(#"tool said: {"Which colour?": "Blue"}"#)
            try await chat.say(#"tool ExitPlanMode {"plan": "1. write it"}"#, as: "m2")
            let card = try await chat.request("ExitPlanMode")
            let shown = try await chat.row()["agentState"]?["requests"]?[card]?["arguments"]
            #expect(shown == ["plan": "1. write it"])
            try await chat.decide(card, ["approved": true, "mode": "acceptEdits"])
            try await chat.shows("(permission-mode-changed) acceptEdits")
            try await chat.say(#"tool Edit {"file_path": "a"}"#, as: "m3")
            try await chat.shows("[Edit a]")
            try await chat.isIdle()
        }
    }

    @Test func anAbortLeavesTheAgentAliveAndTheQueueGoesOn() async throws {
        try await Self.with { home, chat in
            try await chat.say("tool Bash {\"command\": \"make\"}", as: "m1")
            _ = try await chat.request("Bash")
            try await chat.say("say after the abort", as: "m2")
            try await chat.say("say never", as: "m3")
            #expect(try await chat.takeBack("m3")["removed"]?.bool == true)
            _ = try await chat.hub.call("abort", of: chat.id)
            let lines = try await chat.shows("after the abort")
            #expect(lines.contains("(message) Aborted by user") && !lines.contains { $0.contains("never") })
            try await chat.isIdle()
            #expect(try home.claudes().count == 1)
            _ = try await chat.hub.call("abort", of: chat.id)
        }
    }

    @Test func aMessageJoinsTheRunningTurnOnRequest() async throws {
        try await Self.with { home, chat in
            try await chat.say("hold", as: "m1")
            try await eventually("the turn") { try await chat.row()["thinking"]?.bool == true }
            try await chat.say("say queued", as: "m2")
            let answer = try await chat.hub.call("steer-queued-message", ["localId": "m2"], of: chat.id)
            #expect(answer["steered"]?.bool == true, "\(answer)")
            let lines = try await chat.shows("(ready) ")
            #expect(lines.contains("steered: say queued"))
            #expect(lines.filter { $0 == "(turn_duration)" }.count == 1)
        }
    }

    @Test func settingsAreChangedWhileItRuns() async throws {
        try await Self.with { home, chat in
            let settings: JSONValue = [
                "permissionMode": "bypassPermissions", "model": "opus", "effort": "low",
            ]
            let answer = try await chat.hub.call("set-session-config", settings, of: chat.id)
            #expect(answer["applied"] == settings, "\(answer)")
            try await chat.say("tool Bash {\"command\": \"make\"}\nsay without asking", as: "m1")
            try await chat.shows("without asking")
            let refused = try await chat.hub.call("set-session-config", ["effort": "absurd"], of: chat.id)
            #expect(refused["error"]?.string == "no such effort")
            let unknown = try await chat.hub.call(
                "set-session-config", ["permissionMode": "yolo"], of: chat.id)
            #expect(unknown["error"]?.string?.contains("acceptEdits") == true)
            try await eventually("the pulse to tell it") {
                let row = try await chat.row()
                return row["model"]?.string == "opus" && row["effort"]?.string == "low"
            }
            #expect(try home.claudes().count == 1)
        }
    }

    @Test func whatIsSaidWhileTheHubIsAwayComesOnceAndInOrder() async throws {
        try await TestHub.with(["--data", "/tmp/hapi-chat-\(getpid()).json"]) { hub in
            try await TestHome.with(hub, ["HAPI_CLI_EXECUTABLE": Paths.program]) { home in
                try home.installClaude()
                try await home.startRunner()
                let chat = Chat(hub, try await home.spawn("one"))
                try await chat.say("many 20\nslow 2\nmany 20\nsay done", as: "m1")
                try await chat.shows("line 0")
                try await hub.dropConnections()
                try await chat.shows("line 19")
                try await hub.stop()
                try await eventually("the turn to go on without a hub") {
                    try home.claudes().first?["pid"]?.integer != nil
                }
                try await hub.startAgain()
                let lines = try await chat.shows("done", within: .seconds(30))
                let numbers = lines.filter { $0.hasPrefix("line ") }
                #expect(numbers == (0..<20).map { "line \($0)" } + (0..<20).map { "line \($0)" })
                try await chat.isIdle()
                #expect(try await chat.row()["faults"] == [])
            }
        }
        unlink("/tmp/hapi-chat-\(getpid()).json")
    }

    @Test func anAgentThatDiesIsToldOfAndResumedByTheNextMessage() async throws {
        try await Self.with { home, chat in
            try await chat.say("open\ndie", as: "m1")
            let died = try await chat.shows("= Interrupted (failed)")
            _ = died
            try await eventually("the reason") {
                try await chat.lines().contains { $0.contains("SIGKILL") && $0.contains("about to die") }
            }
            try await chat.say("say back again", as: "m2")
            try await chat.shows("back again")
            let started = try home.claudes()
            #expect(started.count == 2)
            let native = try await chat.row()["metadata"]?["claudeSessionId"]
            #expect(started.last?["argv"]?.array?.suffix(2) == ["--resume", native ?? ""])
            try await chat.isIdle()
        }
    }

    @Test func whatAnAgentShouldNotWriteHarmsNobody() async throws {
        try await Self.with { home, chat in
            try await chat.say("garbage\nlong 5000000\nflood 30000000\nretry\nsay fine", as: "m1")
            let lines = try await chat.shows("fine")
            #expect(lines.contains("after the garbage") && lines.contains("after the flood"))
            #expect(lines.contains { $0.hasPrefix("(error)") && $0.contains("30000000 bytes") })
            #expect(lines.contains { $0.contains("bytes left out") } && lines.contains("(api_error)"))
            try await chat.isIdle()
        }
    }

    @Test func chaosEndsAsItShould() async throws {
        var random = SeededRandom.announced(for: "chaos of claude")
        let seeds = (0..<rounds(orDaily: 3)).map { _ in Int.random(in: 0..<1_000_000, using: &random) }
        try await Self.with { home, chat in
            for (round, seed) in seeds.enumerated() {
                try await chat.say("chaos \(seed)", as: "m\(round)")
                try await eventually("the end of chaos \(seed)", within: .seconds(30)) {
                    try await chat.lines().filter { $0 == "chaos is over" }.count > round
                }
                try await chat.say("chaos \(seed) die", as: "d\(round)")
                try await eventually("word of its death, chaos \(seed)", within: .seconds(30)) {
                    try await chat.lines().filter { $0.contains("with status 9") }.count > round
                }
                #expect(try await chat.row()["faults"] == [], "chaos \(seed)")
            }
            try await chat.say("say still here", as: "last")
            try await chat.shows("still here", within: .seconds(30))
        }
    }

    @Test func theHubLooksAtFilesAndNotOutside() async throws {
        try await Self.with { home, chat in
            try home.write("work/one/a.txt", "content")
            symlink("/etc/passwd", home.work + "/one/out")
            let read = try await chat.hub.call("readFile", ["path": "a.txt"], of: chat.id)
            #expect(read["content"]?.string == "Y29udGVudA==", "\(read)")
            for path in ["../../home/settings.json", "/etc/passwd", "out"] {
                let refused = try await chat.hub.call("readFile", ["path": .string(path)], of: chat.id)
                #expect(refused["success"]?.bool == false, "\(path)")
            }
            let listed = try await chat.hub.call("listDirectory", ["path": ""], of: chat.id)
            #expect(listed["entries"]?.array?.compactMap { $0["name"]?.string } == ["a.txt", "out"])
            let status = try await chat.hub.call("git-status", [:], of: chat.id)
            #expect(status["success"]?.bool == false)
            let upload: JSONValue = ["filename": "../b c.png", "content": "eA==", "mimeType": "image/png"]
            let path = try await chat.hub.call("uploadFile", upload, of: chat.id)["path"]?.string ?? ""
            #expect(path.hasSuffix("-b_c.png") && home.text(path) == "x")
            try await eventually("the agent's commands") {
                let commands = try await chat.hub.call("listSlashCommands", ["agent": "claude"], of: chat.id)
                return commands["commands"]?.array?.count == 2
            }
        }
    }

    @Test func clearingAndCompactingAreTold() async throws {
        try await Self.with { home, chat in
            try await chat.say("say first", as: "m1")
            try await chat.shows("first")
            let before = try await eventually("an id") {
                try await chat.row()["metadata"]?["claudeSessionId"]?.string
            }
            try await chat.say("/compact", as: "m2")
            try await chat.shows("(compact_boundary)")
            try await chat.say("/clear", as: "m3")
            try await chat.shows("(message) Context was reset")
            try await eventually("another id") {
                try await chat.row()["metadata"]?["claudeSessionId"]?.string != before
            }
            try await chat.isIdle()
        }
    }

    @Test func whatHappenedIsOnRecord() async throws {
        try await Self.with { home, chat in
            try await chat.say("tool Bash {\"command\": \"make\"}", as: "m1")
            try await chat.decide(chat.request("Bash"), ["approved": true])
            try await chat.isIdle()
            try await eventually("the facts") {
                let store = try StoreConnection(path: home.path + "/runner.db", mode: .readOnly)
                let (turns, asked) = try store.read { reading throws(StoreError) in
                    let session = try reading.sessions(named: chat.id).first?.id ?? ""
                    return (
                        try reading.turns(of: session).map {
                            "\($0.outcome?.rawValue ?? "") \($0.detail ?? "")"
                        },
                        try reading.toolDecisions(of: session).map {
                            [$0.tool, $0.summary, $0.decision, $0.decidedBy].compactMap { $0 }
                        }
                    )
                }
                return turns == ["completed hub: tool Bash {\"command\": \"make\"}"]
                    && asked == [["Bash", "make", "approved", "hub"]]
            }
            let shown = try await home.hapi("history", chat.id)
            let words = shown.output.split(separator: " ").joined(separator: " ")
            for line in [
                "turn began hub: tool Bash", "asked Bash: make", "decided approved by hub: Bash: make",
                "turn ended completed",
            ] {
                #expect(words.contains(line), "\(shown)")
            }
        }
    }
}

extension TestHome {
    /// Installs the stand-in for Claude Code as the agent's program.
    func installClaude() throws {
        try installAgent("claude", "exec \(Paths.root)/Tests/Agents/claude.py \"$@\"")
    }

    /// How each stand-in was started, in order.
    func claudes() throws -> [JSONValue] {
        var found: [JSONValue] = []
        while let text = text("\(root)/claude-\(found.count).json") {
            found.append(try JSONValue(json: text))
        }
        return found
    }
}
