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
