import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// The real Claude Code.
@Suite(.serialized, .enabled(if: RealAgents.claude != nil, "make test-agents installs Claude Code"))
struct RealClaudeTests {
    private static func with(_ body: (TestHome, Chat) async throws -> Void) async throws {
        try await RealAgents.with("claude", RealAgents.claude, as: "claude") { _, port in
            [
                "ANTHROPIC_BASE_URL": "http://127.0.0.1:\(port)", "ANTHROPIC_API_KEY": "sk-dummy",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_TELEMETRY": "1",
                "DISABLE_AUTOUPDATER": "1",
            ]
        } _: { home, chat in
            try await body(home, chat)
        }
    }

    @Test func itAnswersAsksAndObeys() async throws {
        try await Self.with { home, chat in
            try await chat.say("think deeply", as: "m1")
            try await chat.shows("thought", within: .seconds(60))
            try await chat.say(#"tool Bash {"command": "touch made.txt"}"#, as: "m2")
            try await chat.decide(chat.request("Bash"), ["approved": true])
            try await eventually("the file") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            try await chat.say(#"tool Bash {"command": "touch never.txt"}"#, as: "m3")
            try await chat.decide(chat.request("Bash"), ["approved": false])
            try await chat.isIdle()
            #expect(!home.exists(home.work + "/one/never.txt"))
            try await chat.say(
                #"tool AskUserQuestion {"questions": [{"question": "Which colour?", "header": "Colour", "multiSelect": false, "options": [{"label": "Red", "description": "warm"}, {"label": "Blue", "description": "cold"}]}]}"#,
                as: "m4")
            try await chat.decide(
                chat.request("AskUserQuestion"), ["approved": true, "answers": ["0": ["Blue"]]])
            try await eventually("the answer") { try await chat.lines().contains { $0.contains("\"Blue\"") } }
        }
    }

    @Test func itIsSteeredAbortedAndSetWhileItRuns() async throws {
        try await Self.with { home, chat in
            let settings: JSONValue = ["permissionMode": "plan", "model": "opus", "effort": "low"]
            #expect(
                try await chat.hub.call("set-session-config", settings, of: chat.id)["applied"] == settings)
            try await chat.say(#"tool ExitPlanMode {"plan": "1. write it"}"#, as: "m1")
            let card = try await chat.request("ExitPlanMode")
            try await chat.decide(card, ["approved": true, "mode": "acceptEdits"])
            try await chat.isIdle()
            try await chat.say("slow 30", as: "m2")
            try await eventually("the turn") { try await chat.row()["thinking"]?.bool == true }
            try await chat.say("say after the abort", as: "m3")
            _ = try await chat.hub.call("abort", of: chat.id)
            try await chat.shows("after the abort")
            #expect(try await chat.lines().contains("(message) Aborted by user"))
        }
    }

    @Test func itIsAllowedForTheSessionAndSteered() async throws {
        try await Self.with { home, chat in
            let command = #"tool Bash {"command": "touch made.txt"}"#
            try await chat.say(command, as: "m1")
            try await chat.decide(
                chat.request("Bash"), ["approved": true, "allowTools": ["Bash(touch made.txt)"]])
            try await eventually("the file") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            #expect(unlink(home.work + "/one/made.txt") == 0)
            try await chat.say(command, as: "m2")
            try await eventually("the file, without asking") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            try await chat.say("slow 8", as: "m3")
            try await eventually("the turn") { try await chat.row()["thinking"]?.bool == true }
            try await chat.say("say steered", as: "m4", steering: true)
            try await chat.shows("steered", within: .seconds(30))
        }
    }

    @Test func theModelIsAskedAsThePersonHasSet() async throws {
        try await Self.with { home, chat in
            try await chat.say("say first", as: "m1")
            try await chat.shows("first", within: .seconds(60))
            let settings: JSONValue = ["model": "opus", "effort": "low"]
            let answer = try await chat.hub.call("set-session-config", settings, of: chat.id)
            #expect(answer["applied"] == settings, "\(answer)")
            try await chat.say("asked", as: "m2")
            try await eventually("what the model was asked") {
                try await chat.lines().contains { $0.hasPrefix("asked claude-opus") && $0.hasSuffix(" low") }
            }
        }
    }

    @Test func itOutlivesItsSessionsProcessAndAnOutageOfTheHub() async throws {
        try await Self.with { home, chat in
            try await chat.say("say first", as: "m1")
            try await chat.shows("first", within: .seconds(60))
            try await RealAgents.loseHub(home, chat) { try await chat.lines() }
            try await chat.say(#"tool Bash {"command": "touch never.txt"}"#, as: "m2")
            let native = try await chat.row()["metadata"]?["claudeSessionId"]
            let next = try await RealAgents.killSession(
                home, chat, of: "claude", askingOn: chat.request("Bash"))
            try await next.say("say second", as: "m3")
            try await next.shows("second", within: .seconds(60))
            #expect(try await next.row()["metadata"]?["claudeSessionId"] == native)
            #expect(!home.exists(home.work + "/one/never.txt"))
        }
    }

    @Test func itIsCompactedClearedAndResumedAfterItsDeath() async throws {
        try await Self.with { home, chat in
            try await chat.say("say first", as: "m1")
            try await chat.shows("first", within: .seconds(60))
            try await chat.say("/compact", as: "m2")
            try await chat.shows("(compact_boundary)")
            try await chat.say("/clear", as: "m3")
            try await chat.shows("(message) Context was reset")
            try await chat.say("say second", as: "m4")
            try await chat.shows("second")
            try await chat.isIdle()
            try await RealAgents.killAgent(home, chat)
            try await eventually("word of its death") {
                try await chat.lines().contains { $0.hasPrefix("(error)") && $0.contains("SIGKILL") }
            }
            try await chat.say("say third", as: "m5")
            try await chat.shows("third", within: .seconds(60))
        }
    }
}
