import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// Sessions with agents that speak ACP or Codex's protocol: the built program with the stand-in hub and
/// stand-in agents.
@Suite(.serialized) struct ProtocolAgentTests {
    enum Kind: String, CaseIterable, Sendable {
        case opencode, codex

        var script: String { self == .codex ? "codex.py" : "acp.py" }
        var tool: String { self == .codex ? "CodexBash" : "Bash" }
        func command(_ words: String) -> String { self == .codex ? "/bin/bash -lc '\(words)'" : words }
    }

    /// Runs `body` with a session, and checks at the end that the web app could show everything.
    static func with(
        _ kind: Kind, _ environment: [String: String] = [:], parameters: [String: JSONValue] = [:],
        hub arguments: [String] = [], _ body: (TestHome, Chat) async throws -> Void
    ) async throws {
        try await TestHub.with(arguments) { hub in
            let own = ["HAPI_CLI_EXECUTABLE": Paths.program].merging(environment) { _, new in new }
            try await TestHome.with(hub, own) { home in
                try home.install(kind.rawValue, kind.script)
                try await home.startRunner()
                let given = parameters.merging(["agent": .string(kind.rawValue)]) { old, _ in old }
                let chat = Chat(hub, try await home.spawn("one", given))
                try await body(home, chat)
                #expect(try await chat.row()["faults"] == [])
                _ = try await hub.call("killSession", of: chat.id)
                try await eventually("the session's end") { try await chat.row()["ended"]?.isNull == false }
                let last = try await chat.row()
                #expect(last["faults"] == [] && last["agentState"]?["requests"] == [:])
            }
        }
    }

    @Test(arguments: Kind.allCases) func aConversationIsHeldAndLooksRight(kind: Kind) async throws {
        try await Self.with(kind) { home, chat in
            try await chat.say("think about it", as: "m1")
            try await chat.draws("(ready) ")
            let drawn = try await chat.drawn()
            #expect(drawn == ["> think about it", "~ about it", "done thinking", "(ready) "])
            try await chat.say("plan", as: "m2")
            try await chat.draws("plan: completed, in_progress")
            try await chat.isIdle()
            let row = try await chat.row()
            #expect(row["metadata"]?["\(kind.rawValue)SessionId"]?.string != nil)
            #expect(row["mode"]?.string == "remote")
        }
    }

    @Test(arguments: Kind.allCases) func aPersonDecidesWhatTheAgentMayDo(kind: Kind) async throws {
        try await Self.with(kind) { home, chat in
            try await chat.say("run make", as: "m1")
            let card = try await chat.request(kind.tool)
            try await chat.decide(card, ["approved": true, "decision": "approved"])
            try await chat.draws("it ran")
            try await chat.say("run make", as: "m2")
            try await chat.decide(chat.request(kind.tool), ["approved": false, "decision": "denied"])
            try await chat.draws("it was refused")
            try await chat.say("run make", as: "m3")
            try await chat.decide(
                chat.request(kind.tool), ["approved": true, "decision": "approved_for_session"])
            try await eventually("the third run") {
                try await chat.drawn().filter { $0 == "it ran" }.count == 2
            }
            // Allowed for the session, so there is no second request.
            try await chat.say("run make", as: "m4")
            try await eventually("the fourth run") {
                try await chat.drawn().filter { $0 == "it ran" }.count == 3
            }
            try await chat.say("edit a.txt", as: "m5")
            try await chat.decide(chat.request(kind == .codex ? "CodexPatch" : "Edit"), ["approved": true])
            try await chat.draws("edited")
            try await chat.isIdle()
            let lines = try await chat.drawn()
            #expect(lines.contains("[\(kind.tool) \(kind.command("make"))]"), "\(lines)")
        }
    }

    @Test(arguments: Kind.allCases) func twoRequestsMayBeOpenAtOnce(kind: Kind) async throws {
        try await Self.with(kind) { home, chat in
            try await chat.say("twice", as: "m1")
            let cards = try await eventually("both requests") {
                let open = try await chat.row()["agentState"]?["requests"]?.object ?? [:]
                return open.count == 2 ? open.keys.sorted() : nil
            }
            try await chat.decide(cards[1], ["approved": false, "decision": "denied"])
            try await chat.decide(cards[0], ["approved": true, "decision": "approved"])
            try await chat.draws("allow deny")
        }
    }

    @Test(arguments: Kind.allCases) func anAbortLeavesTheAgentAliveAndTheQueueGoesOn(kind: Kind) async throws
    {
        try await Self.with(kind) { home, chat in
            try await chat.say("run make", as: "m1")
            _ = try await chat.request(kind.tool)
            try await chat.say("say after the abort", as: "m2")
            _ = try await chat.hub.call("abort", of: chat.id)
            let lines = try await chat.draws("after the abort")
            #expect(lines.contains("(message) Aborted by user"))
            #expect(home.starts(of: kind.rawValue) == 1)
            try await chat.say("slow 30 a b c", as: "m3")
            try await chat.draws("(ready) ")
            try await eventually("the turn") { try await chat.row()["thinking"]?.bool == true }
            _ = try await chat.hub.call("abort", of: chat.id)
            try await chat.isIdle()
            _ = try await chat.hub.call("abort", of: chat.id)
            #expect(home.starts(of: kind.rawValue) == 1)
        }
    }

    @Test(arguments: Kind.allCases) func anAgentThatDoesNotStopIsEndedAndResumed(kind: Kind) async throws {
        try await Self.with(kind) { home, chat in
            try await chat.say("hang", as: "m1")
            try await chat.draws("[\(kind.tool) \(kind.command("sleep 1000"))]")
            _ = try await chat.hub.call("abort", of: chat.id)
            try await chat.say("say back again", as: "m2")
            let lines = try await chat.draws("back again")
            #expect(lines.contains { $0.contains("did not stop in time") })
            #expect(!lines.contains { $0.contains("cannot be resumed") }, "\(lines)")
            #expect(home.starts(of: kind.rawValue) == 2)
        }
    }

    @Test(arguments: Kind.allCases) func anAgentThatDiesIsToldOfAndResumedByTheNextMessage(kind: Kind)
        async throws
    {
        try await Self.with(kind) { home, chat in
            try await chat.say("die", as: "m1")
            try await eventually("the reason") {
                try await chat.drawn().contains { $0.hasPrefix("(error)") && $0.contains("with status 9") }
            }
            try await chat.say("say back again", as: "m2")
            let lines = try await chat.draws("back again")
            #expect(!lines.contains { $0.contains("cannot be resumed") }, "\(lines)")
            try await chat.isIdle()
        }
    }

    @Test(arguments: Kind.allCases) func whatAnAgentShouldNotWriteHarmsNobody(kind: Kind) async throws {
        try await Self.with(kind) { home, chat in
            for (index, verb) in ["garbage", "line 5", "line 21", "stderr 1", "open", "late after"]
                .enumerated()
            {
                try await chat.say(verb, as: "m\(index)")
                try await chat.isIdle()
            }
            try await chat.say("strange", as: "s")
            let lines = try await chat.draws("answered -32601 -32601")
            #expect(lines.filter { $0 == "still here" }.count == 4, "\(lines)")
            #expect(lines.contains("left it open") && lines.contains("before"))
            #expect(!lines.contains { $0.contains("not for you") })
            #expect(lines.contains { $0.hasPrefix("(error)") && $0.contains("was dropped") })
            try await chat.say("flood 3", as: "f")
            try await chat.draws("the flood is over", within: .seconds(60))
            try await chat.isIdle()
        }
    }

    @Test(arguments: Kind.allCases) func anAgentThatDiesAtSomeMomentIsGoneOnWith(kind: Kind) async throws {
        var random = SeededRandom.announced(for: "death of \(kind)")
        let seeds = (0..<rounds(orDaily: 2)).map { _ in Int.random(in: 0..<1_000_000, using: &random) }
        try await Self.with(kind) { home, chat in
            for (round, seed) in seeds.enumerated() {
                try await chat.say("chaos \(seed) die", as: "d\(round)")
                try await eventually("word of its death, chaos \(seed)", within: .seconds(30)) {
                    try await chat.drawn().filter { $0.contains("with status 9") }.count > round
                }
                try await chat.say("say back \(round)", as: "m\(round)")
                try await chat.draws("back \(round)", within: .seconds(30))
                #expect(try await chat.row()["faults"] == [], "chaos \(seed)")
            }
        }
    }

    @Test(arguments: Kind.allCases) func chaosEndsAsItShould(kind: Kind) async throws {
        var random = SeededRandom.announced(for: "chaos of \(kind)")
        let seeds = (0..<rounds(orDaily: 3)).map { _ in Int.random(in: 0..<1_000_000, using: &random) }
        try await Self.with(kind) { home, chat in
            for (round, seed) in seeds.enumerated() {
                try await chat.say("chaos \(seed)", as: "m\(round)")
                try await eventually("the end of chaos \(seed)", within: .seconds(30)) {
                    try await chat.drawn().filter { $0.hasSuffix("chaos is over") }.count > round
                }
                try await chat.isIdle()
                #expect(try await chat.row()["faults"] == [], "chaos \(seed)")
            }
        }
    }

    /// Some milliseconds, where the machine has nothing else to do.
    @Test(arguments: Kind.allCases) func whatAnAgentSaysIsAtTheHubAtOnce(kind: Kind) async throws {
        try await Self.with(kind) { home, chat in
            try await chat.say("stamp 9", as: "m1")
            try await chat.draws("(ready) ", within: .seconds(30))
            var delays: [String: Int] = [:]
            for message in try await chat.row()["messages"]?.array ?? [] {
                guard let text = message["content"]?["content"]?["data"]?["message"]?.string,
                    let said = Int(text), let arrived = message["createdAt"]?.integer
                else { continue }
                delays[text] = min(delays[text] ?? .max, arrived - said / 1000)
            }
            #expect(delays.count == 9)
            #expect(delays.values.sorted()[delays.count / 2] < 250, "\(delays.values.sorted())")
        }
    }

    @Test(arguments: Kind.allCases) func aSessionIsResumedUnderItsConversation(kind: Kind) async throws {
        try await Self.with(kind) { home, chat in
            try await chat.say("say first", as: "m1")
            try await chat.draws("first")
            try await chat.isIdle()
            let native = try #require(try await chat.row()["metadata"]?["\(kind.rawValue)SessionId"]?.string)
            try await chat.say("run make", as: "m2")
            let card = try await chat.request(kind.tool)
            let process = try await home.process(of: chat.id)
            kill(process.pid, SIGKILL)
            try await eventually("the end") { !isAlive(process) }
            let again = try await home.spawn(
                "one",
                [
                    "agent": .string(kind.rawValue), "resumeSessionId": .string(native),
                    "existingSessionId": .string(chat.id),
                ])
            #expect(again == chat.id)
            try await eventually("the old request to be canceled") {
                let state = try await chat.row()["agentState"]
                return state?["completedRequests"]?[card]?["status"]?.string == "canceled"
                    && state?["requests"] == [:]
            }
            try await chat.say("say second", as: "m3")
            let lines = try await chat.draws("second")
            #expect(lines.filter { $0 == "first" }.count == 1, "the history is not repeated: \(lines)")
            #expect(try await chat.row()["metadata"]?["\(kind.rawValue)SessionId"]?.string == native)
        }
    }

    @Test func codexIsSteeredCompactedAndAsksQuestions() async throws {
        try await Self.with(.codex) { home, chat in
            try await chat.say("wait", as: "m1")
            try await chat.draws("waiting")
            try await chat.say("say steered", as: "m2")
            let answer = try await chat.hub.call("steer-queued-message", ["localId": "m2"], of: chat.id)
            #expect(answer["steered"]?.bool == true, "\(answer)")
            try await chat.draws("steered")
            try await chat.say("ask Which?", as: "m3")
            try await chat.decide(
                chat.request("request_user_input"),
                ["approved": true, "answers": ["q1": ["answers": ["Blue"]]]])
            try await chat.draws(#"answered {"q1": {"answers": ["Blue"]}}"#)
            try await chat.say("/compact", as: "m4")
            try await chat.draws("(context_compacted)")
            try await chat.isIdle()
            let set: JSONValue = ["permissionMode": "yolo", "model": "large", "modelReasoningEffort": "high"]
            let applied = try await chat.hub.call("set-session-config", set, of: chat.id)
            #expect(applied["applied"] == set, "\(applied)")
            try await chat.say("settings", as: "m5")
            try await eventually("the settings") {
                try await chat.drawn().contains {
                    $0.contains(#""approvalPolicy": "never""#) && $0.contains(#""model": "large""#)
                        && $0.contains(#""effort": "high""#) && $0.contains("dangerFullAccess")
                }
            }
        }
    }

    @Test func anACPAgentsOwnSettingsAreSet() async throws {
        try await Self.with(.opencode) { home, chat in
            let set: JSONValue = ["permissionMode": "plan", "model": "large", "modelReasoningEffort": "high"]
            let applied = try await chat.hub.call("set-session-config", set, of: chat.id)
            #expect(applied["applied"] == set, "\(applied)")
            let refused = try await chat.hub.call("set-session-config", ["model": "huge"], of: chat.id)
            #expect(refused["error"]?.string?.contains("small, large") == true, "\(refused)")
            try await chat.say("mode ask", as: "m1")
            try await chat.draws("(permission-mode-changed) default")
            try await chat.say("title A title of its own", as: "m2")
            try await eventually("the title") {
                try await chat.row()["metadata"]?["summary"]?["text"]?.string == "A title of its own"
            }
            try await chat.say("commands one two", as: "m3")
            try await chat.draws("offered")
            let commands = try await chat.hub.call("listSlashCommands", ["agent": "opencode"], of: chat.id)
            #expect(commands["commands"]?.array?.compactMap { $0["name"]?.string } == ["one", "two"])
        }
    }

    static let refusals = [
        ("login", "log in"), ("version=2", "version 2"),
    ]

    @Test(arguments: refusals) func anAgentThatCannotBeginSaysWhy(told: String, words: String) async throws {
        try await Self.with(.opencode, ["STANDIN_ACP": told]) { home, chat in
            try await eventually("the reason") {
                try await chat.drawn().contains { $0.hasPrefix("(error)") && $0.contains(words) }
            }
        }
    }

    @Test func anAgentThatCannotLoadBeginsAnewAndSaysSo() async throws {
        let parameters: [String: JSONValue] = ["resumeSessionId": "gone"]
        try await Self.with(
            .opencode, ["STANDIN_ACP": "no-load,plain-modes,early,no-ids"], parameters: parameters
        ) { home, chat in
            try await chat.say("say here", as: "m1")
            let lines = try await chat.draws("here")
            #expect(lines.contains { $0.contains("cannot be resumed") }, "\(lines)")
        }
    }
}

extension TestHome {
    /// Installs a stand-in from Tests/Agents as the agent's program, and counts its starts.
    func install(_ name: String, _ script: String) throws {
        try installAgent(
            name,
            "echo started >> \(root)/starts-\(name); exec /usr/bin/python3 -I \(Paths.root)/Tests/Agents/\(script) \"$@\""
        )
    }

    func starts(of name: String) -> Int {
        (text("\(root)/starts-\(name)") ?? "").split(separator: "\n").count
    }
}
