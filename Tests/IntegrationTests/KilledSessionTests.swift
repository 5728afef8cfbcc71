import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// A session whose process was killed: what becomes of what it had asked and been told, with a next life of it and
/// without one.
@Suite(.serialized) struct KilledSessionTests {
    /// Runs `body` with a session in which a person has written this, as `m1`.
    private static func with(
        saying words: String, _ body: (TestHome, Chat) async throws -> Void
    ) async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, ["HAPI_CLI_EXECUTABLE": Paths.program]) { home in
                try home.installClaude()
                try await home.startRunner()
                let chat = Chat(hub, try await home.spawn("one"))
                try await chat.say(words, as: "m1")
                try await body(home, chat)
            }
        }
    }

    @Test func aRequestIsNotLeftPendingWhenNoNextLifeOfTheSessionComes() async throws {
        try await Self.with(saying: "tool Bash {\"command\": \"make\"}") { home, chat in
            let card = try await chat.request("Bash")
            kill(try await home.process(of: chat.id).pid, SIGKILL)
            let state = try await eventually("the request to be canceled") {
                let state = try await chat.row()["agentState"]
                return state?["requests"] == [:] ? state : nil
            }
            let done = state["completedRequests"]?[card]
            #expect(done?["status"] == "canceled" && done?["tool"] == "Bash")
            #expect(done?["reason"]?.string?.contains("process ended") == true, "\(state)")
            // The life that comes after all closes the card.
            let again = try await home.spawn(
                "one", ["agent": "claude", "forkSession": true, "existingSessionId": .string(chat.id)])
            #expect(again == chat.id)
            try await chat.say("say still here", as: "m2")
            try await chat.shows("still here")
            let row = try await chat.row()
            #expect(row["faults"] == [] && row["agentState"]?["completedRequests"]?[card] != nil)
            #expect(try await chat.lines().filter { $0.hasSuffix("(failed)") }.count == 1)
        }
    }

    @Test func whatIsPendingIsCanceledOnceTheHubIsBack() async throws {
        try await Self.with(saying: "tool Bash {\"command\": \"make\"}") { home, chat in
            _ = try await chat.request("Bash")
            try await chat.hub.set(["hang": true])
            kill(try await home.process(of: chat.id).pid, SIGKILL)
            _ = try await home.ending(of: chat.id)
            try await chat.hub.set(["hang": false])
            try await eventually("the request to be canceled", within: .seconds(40)) {
                try await chat.row()["agentState"]?["requests"] == [:]
            }
        }
    }

    @Test func aMessageThatWasGivenWhenTheSessionWasKilledIsNotGivenTwice() async throws {
        try await Self.with(saying: "kill the host") { home, chat in
            _ = try await home.ending(of: chat.id)
            let again = try await home.spawn(
                "one", ["agent": "claude", "forkSession": true, "existingSessionId": .string(chat.id)])
            #expect(again == chat.id)
            try await eventually("word of it") {
                try await chat.lines().contains { $0.hasPrefix("(message) The session's process was killed") }
            }
            try await chat.isIdle()
            try await chat.say("say still here", as: "m2")
            try await chat.shows("still here")
            #expect(home.text(home.root + "/taken") == "taken\n")
        }
    }

    @Test func aSessionProcessThatIsKilledLeavesAConversationThatGoesOn() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, ["HAPI_CLI_EXECUTABLE": Paths.program]) { home in
                try home.installClaude()
                try await home.startRunner()
                let chat = Chat(hub, try await home.spawn("one"))
                try await chat.say("tool Bash {\"command\": \"make\"}", as: "m1")
                let card = try await chat.request("Bash")
                let process = try await home.process(of: chat.id)
                let native = try await eventually("the conversation's id") {
                    try await chat.row()["metadata"]?["claudeSessionId"]?.string
                }
                kill(process.pid, SIGKILL)
                _ = try await home.ending(of: chat.id)
                let again = try await home.spawn(
                    "one",
                    [
                        "agent": "claude", "resumeSessionId": .string(native), "forkSession": true,
                        "existingSessionId": .string(chat.id),
                    ])
                #expect(again == chat.id)
                try await eventually("the old request to be canceled") {
                    let state = try await chat.row()["agentState"]
                    return state?["completedRequests"]?[card]?["status"]?.string == "canceled"
                        && state?["requests"] == [:]
                }
                try await chat.say("say still here", as: "m2")
                try await chat.shows("still here")
            }
        }
    }
}
