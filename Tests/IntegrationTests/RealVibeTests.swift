import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// The real Mistral Vibe, over the Agent Client Protocol.
@Suite(
    .serialized,
    .enabled(if: RealAgents.vibe != nil, "make test-agents installs Mistral Vibe, with Python 3.12"))
struct RealVibeTests {
    private static func with(_ body: (TestHome, Chat) async throws -> Void) async throws {
        try await RealAgents.with("vibe", RealAgents.vibe, as: "vibe-acp") { home, port in
            _ = try home.makeDirectory(".vibe")
            try home.write(
                ".vibe/config.toml",
                """
                active_model = "scripted"
                enable_telemetry = false
                enable_update_checks = false
                enable_auto_update = false
                [[providers]]
                name = "scripted"
                api_base = "http://127.0.0.1:\(port)/v1"
                api_key_env_var = "SCRIPTED_KEY"
                backend = "generic"
                [[models]]
                name = "scripted-model"
                provider = "scripted"
                alias = "scripted"
                [[models]]
                name = "another-model"
                provider = "scripted"
                alias = "another"
                """)
            return ["SCRIPTED_KEY": "dummy", "HOME": home.root]
        } _: { home, chat in
            try await body(home, chat)
        }
    }

    @Test func itAnswersAsksAndObeys() async throws {
        try await Self.with { home, chat in
            try await chat.say("say hello there", as: "m1")
            try await chat.draws("hello there", within: .seconds(90))
            try await chat.isIdle()
            try await chat.say(#"tool *bash* {"command": "touch made.txt"}"#, as: "m2")
            try await chat.decide(chat.request(), ["approved": true])
            try await eventually("the file") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            try await chat.say(#"tool *bash* {"command": "touch never.txt"}"#, as: "m3")
            try await chat.decide(chat.request(), ["approved": false])
            try await chat.isIdle()
            #expect(!home.exists(home.work + "/one/never.txt"))
        }
    }

    @Test func itIsAllowedForTheSessionAbortedAndGoesOnAfterItsDeath() async throws {
        try await Self.with { home, chat in
            try await chat.say("say first", as: "m0")
            try await chat.draws("first", within: .seconds(90))
            let command = #"tool *bash* {"command": "touch made.txt"}"#
            try await chat.say(command, as: "m1")
            try await chat.decide(
                chat.request(), ["approved": true, "decision": "approved_for_session"])
            try await eventually("the file") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            #expect(unlink(home.work + "/one/made.txt") == 0)
            try await chat.say(command, as: "m2")
            try await eventually("the file, without asking") { home.exists(home.work + "/one/made.txt") }
            try await chat.isIdle()
            try await chat.say("slow 30", as: "m3")
            try await eventually("the turn") { try await chat.row()["thinking"]?.bool == true }
            try await chat.say("say after the abort", as: "m4")
            _ = try await chat.hub.call("abort", of: chat.id)
            try await chat.draws("after the abort", within: .seconds(60))
            try await chat.isIdle()
            try await RealAgents.killAgent(home, chat)
            try await eventually("word of its death") {
                try await chat.drawn().contains { $0.hasPrefix("(error)") && $0.contains("SIGKILL") }
            }
            try await chat.say("say third", as: "m5")
            let lines = try await chat.draws("third", within: .seconds(90))
            #expect(!lines.contains { $0.contains("cannot be resumed") }, "\(lines)")
        }
    }

    @Test func itPlansAndIsSetWhileItRuns() async throws {
        try await Self.with { home, chat in
            try await chat.say("say first", as: "m1")
            try await chat.draws("first", within: .seconds(90))
            try await chat.isIdle()
            let settings: JSONValue = [
                "permissionMode": "read-only", "model": "another", "modelReasoningEffort": "high",
            ]
            let answer = try await chat.hub.call("set-session-config", settings, of: chat.id)
            #expect(answer["applied"] == settings, "\(answer)")
            try await chat.say("asked", as: "m2")
            try await chat.draws("asked another-model high")
            // In a mode of its own it would edit without asking.
            try await chat.say(#"tool *write* {"path": "never.txt", "content": "x"}"#, as: "m3")
            try await chat.decide(chat.request(), ["approved": false])
            try await chat.isIdle()
            #expect(!home.exists(home.work + "/one/never.txt"))
            let refused = try await chat.hub.call(
                "set-session-config", ["permissionMode": "plan"], of: chat.id)
            #expect(refused["error"]?.string?.contains("has no mode plan") == true, "\(refused)")
            try await chat.say(
                #"tool *todo* {"action": "write", "todos": [{"id": "1", "content": "a", "status": "in_progress"}]}"#,
                as: "m4")
            try await chat.draws("plan: in_progress")
        }
    }

    @Test func itOutlivesItsSessionsProcessAndAnOutageOfTheHub() async throws {
        try await Self.with { home, chat in
            try await chat.say("say first", as: "m1")
            try await chat.draws("first", within: .seconds(90))
            try await RealAgents.loseHub(home, chat) { try await chat.drawn() }
            try await chat.say(#"tool *bash* {"command": "touch never.txt"}"#, as: "m2")
            _ = try await RealAgents.killSession(home, chat, of: "vibe", askingOn: chat.request())
            try await chat.say("say second", as: "m3")
            let lines = try await chat.draws("second", within: .seconds(90))
            #expect(!lines.contains { $0.contains("cannot be resumed") }, "\(lines)")
            #expect(lines.filter { $0 == "first" }.count == 1 && !home.exists(home.work + "/one/never.txt"))
        }
    }
}
