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
}
