import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// The real Codex.
@Suite(.serialized, .enabled(if: RealAgents.codex != nil, "make test-agents installs Codex"))
struct RealCodexTests {
    private static func with(_ body: (TestHome, Chat) async throws -> Void) async throws {
        try await RealAgents.with("codex", RealAgents.codex, as: "codex") { home, port in
            _ = try home.makeDirectory(".codex")
            try home.write(
                ".codex/config.toml",
                """
                model = "scripted"
                model_provider = "scripted"
                approval_policy = "on-request"
                sandbox_mode = "read-only"
                check_for_update_on_startup = false
                [tools.update_plan]
                enabled = true
                [model_providers.scripted]
                name = "scripted"
                base_url = "http://127.0.0.1:\(port)/v1"
                wire_api = "responses"
                env_key = "SCRIPTED_KEY"
                request_max_retries = 0
                stream_max_retries = 0
                [analytics]
                enabled = false
                [feedback]
                enabled = false
                """)
            return ["SCRIPTED_KEY": "dummy", "HOME": home.root]
        } _: { home, chat in
            try await body(home, chat)
        }
    }

    /// A command that needs to leave the sandbox.
    private static func command(_ words: String) -> String {
        #"tool exec_command {"cmd": "\#(words)", "sandbox_permissions": "require_escalated", "justification": "May I?"}"#
    }

    @Test func itAnswersAsksAndObeys() async throws {
        try await Self.with { home, chat in
            try await chat.say("say hello there", as: "m1")
            try await chat.draws("hello there", within: .seconds(60))
            try await chat.isIdle()
            try await chat.say(Self.command("touch made.txt"), as: "m2")
            try await chat.decide(
                chat.request("CodexBash"), ["approved": true, "decision": "approved"])
            try await eventually("the file") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            try await chat.say(Self.command("touch never.txt"), as: "m3")
            try await chat.decide(
                chat.request("CodexBash"), ["approved": false, "decision": "denied"])
            try await chat.isIdle()
            #expect(!home.exists(home.work + "/one/never.txt"))
        }
    }

    @Test func itIsAllowedForTheSessionAndSteered() async throws {
        try await Self.with { home, chat in
            try await chat.say(Self.command("touch made.txt"), as: "m1")
            try await chat.decide(
                chat.request("CodexBash"), ["approved": true, "decision": "approved_for_session"])
            try await eventually("the file") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            #expect(unlink(home.work + "/one/made.txt") == 0)
            try await chat.say(Self.command("touch made.txt"), as: "m2")
            try await eventually("the file, without asking") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            try await chat.say("slow 8", as: "m3")
            try await chat.draws("one")
            try await chat.say("say steered", as: "m4")
            let answer = try await chat.hub.call("steer-queued-message", ["localId": "m4"], of: chat.id)
            #expect(answer["steered"]?.bool == true, "\(answer)")
            try await chat.draws("steered", within: .seconds(30))
        }
    }

    @Test func itIsSetCompactedAndCleared() async throws {
        try await Self.with { home, chat in
            try await chat.say("say first", as: "m1")
            try await chat.draws("first", within: .seconds(60))
            try await chat.isIdle()
            let settings: JSONValue = [
                "permissionMode": "yolo", "model": "another", "modelReasoningEffort": "high",
            ]
            let answer = try await chat.hub.call("set-session-config", settings, of: chat.id)
            #expect(answer["applied"] == settings, "\(answer)")
            try await chat.say("asked", as: "m2")
            try await eventually("what the model was asked") {
                try await chat.drawn().contains { $0.hasPrefix("asked another") }
            }
            // Nobody is asked, and the sandbox lets it through.
            try await chat.say(#"tool exec_command {"cmd": "touch made.txt"}"#, as: "m3")
            try await eventually("the file") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            try await chat.say(
                #"tool update_plan {"plan": [{"step": "a", "status": "completed"}, {"step": "b", "status": "in_progress"}]}"#,
                as: "m4")
            try await chat.draws("plan: completed, in_progress")
            try await chat.isIdle()
            try await chat.say("/compact", as: "m5")
            try await chat.draws("(context_compacted)")
            try await chat.isIdle()
            let before = try await chat.row()["metadata"]?["codexSessionId"]
            try await chat.say("/clear", as: "m6")
            try await chat.draws("(message) Context was reset")
            try await chat.say("say second", as: "m7")
            try await chat.draws("second")
            #expect(try await chat.row()["metadata"]?["codexSessionId"] != before)
        }
    }

    @Test func itOutlivesItsSessionsProcessAndAnOutageOfTheHub() async throws {
        try await Self.with { home, chat in
            try await chat.say("say first", as: "m1")
            try await chat.draws("first", within: .seconds(60))
            try await RealAgents.loseHub(home, chat) { try await chat.drawn() }
            try await chat.say(Self.command("touch never.txt"), as: "m2")
            _ = try await RealAgents.killSession(home, chat, of: "codex", askingOn: chat.request("CodexBash"))
            try await chat.say("say second", as: "m3")
            let lines = try await chat.draws("second", within: .seconds(60))
            #expect(!lines.contains { $0.contains("cannot be resumed") }, "\(lines)")
            #expect(lines.filter { $0 == "first" }.count == 1 && !home.exists(home.work + "/one/never.txt"))
        }
    }

    @Test func itIsAbortedAndGoesOnAfterItsDeath() async throws {
        try await Self.with { home, chat in
            try await chat.say("slow 30", as: "m1")
            try await eventually("the turn") { try await chat.row()["thinking"]?.bool == true }
            _ = try await chat.hub.call("abort", of: chat.id)
            try await chat.isIdle()
            try await chat.say("say after the abort", as: "m2")
            try await chat.draws("after the abort", within: .seconds(60))
            try await chat.isIdle()
            try await RealAgents.killAgent(home, chat)
            try await eventually("word of its death") {
                try await chat.drawn().contains { $0.hasPrefix("(error)") && $0.contains("SIGKILL") }
            }
            try await chat.say("say third", as: "m3")
            try await chat.draws("third", within: .seconds(60))
        }
    }
}
