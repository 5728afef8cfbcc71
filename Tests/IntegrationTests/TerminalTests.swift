import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// An agent's own program in a terminal, heard at the hub, taken over from there, and taken back.
@Suite(.serialized) struct TerminalTests {
    /// A home whose Claude is the stand-in with a terminal. `body` gets the session as soon as the hub has it.
    private static func with(
        _ steps: [[String]], _ arguments: [String] = [],
        _ body: @escaping @Sendable (TestHome, Chat) async throws -> Void
    ) async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try home.installAgent("claude", "exec \(Paths.root)/Tests/Agents/tui.py \"$@\"")
                try home.writeSettings(#"{"runnerAutoStartWhenRunningHappy":false}"#)
                async let typing = home.typing(steps, ["claude"] + arguments, in: home.work)
                let id = try await eventually("the session at the hub") {
                    try await hub.state()["sessions"]?.object?.keys.first
                }
                try await body(home, Chat(hub, id))
                let typed = try await typing
                #expect(typed.missed == nil && typed.restored, "\(typed)")
                try await eventually("the session's end") {
                    try await Chat(hub, id).row()["ended"]?.isNull == false
                }
                let row = try await Chat(hub, id).row()
                #expect(row["faults"] == [], "\(row["faults"] ?? .null)")
                #expect(entries(of: home.path + "/sockets").isEmpty)
            }
        }
    }

    private static func isControlled(_ chat: Chat, by user: Bool) async throws {
        try await eventually("controlledByUser: \(user)") {
            try await chat.row()["agentState"]?["controlledByUser"]?.bool == user
        }
    }

    @Test func whatIsSaidInTheTerminalAppearsAtTheHub() async throws {
        let steps = [
            ["expect", "TUI of"], ["type", "say hello there\r"], ["expect", "did say"],
            ["type", "/clear\r"], ["expect", "cleared"], ["type", "say again\r"], ["expect", "did say"],
            ["type", "quit 3\r"],
        ]
        try await Self.with(steps) { home, chat in
            try await chat.shows("again")
            let lines = try await chat.lines()
            #expect(
                lines.filter { $0.first != "(" } == [
                    "> say hello there", "hello there", "> say again", "again",
                ])
            #expect(lines.contains("(message) Context was reset"))
            try await eventually("the agent's status on record") {
                try await home.list(all: true).first?.exit?.code == 3
            }
            let row = try await chat.row()
            #expect(row["metadata"]?["claudeSessionId"]?.string?.count == 36)
            #expect(row["metadata"]?["summary"]?["text"]?.string == "say hello there")
        }
    }

    @Test func aMessageTakesTheConversationOverAndAKeyTakesItBack() async throws {
        let steps = [
            ["expect", "TUI of"], ["type", "say in the terminal\r"], ["expect", "did say"],
            ["expect", "goes on elsewhere. Press t"], ["expect", "from afar"], ["type", "t"],
            ["expect", "TUI of"], ["type", "say back again\r"], ["expect", "did say"], ["type", "quit\r"],
        ]
        try await Self.with(steps) { home, chat in
            try await chat.shows("in the terminal")
            try await Self.isControlled(chat, by: true)
            try await chat.say("say from afar", as: "m1")
            try await Self.isControlled(chat, by: false)
            try await chat.shows("from afar")
            let native = try await chat.row()["metadata"]?["claudeSessionId"]?.string ?? ""
            let remote = try home.claudes().first?["argv"]?.array?.compactMap(\.string) ?? []
            #expect(remote.contains("--resume") && remote.contains(native), "\(remote)")
            let lines = try await chat.shows("back again")
            #expect(lines.filter { $0 == "in the terminal" || $0 == "from afar" }.count == 2, "\(lines)")
        }
    }

    @Test func aSwitchHandsOverInTheMiddleOfATurnAndTheHubEndsTheSession() async throws {
        let steps = [
            ["expect", "TUI of"], ["type", "run make\r"], ["expect", "running"],
            ["expect", "goes on elsewhere"],
        ]
        try await Self.with(steps) { home, chat in
            try await chat.shows("[Bash make]")
            _ = try await chat.hub.call("switch", ["to": "remote"], of: chat.id)
            try await chat.shows("= Interrupted (failed)")
            try await chat.isIdle()
            _ = try await chat.hub.call("killSession", of: chat.id)
        }
    }

    @Test func aProgramThatDiesLeavesTheTerminalAsItWas() async throws {
        try await Self.with([["expect", "TUI of"], ["type", "crash\r"]]) { home, chat in
            try await eventually("the end on record") {
                try await home.list(all: true).first?.exit?.signal == "SIGKILL"
            }
        }
    }

    @Test func theHubEndsWhatIsInTheTerminal() async throws {
        try await Self.with([["expect", "TUI of"]]) { home, chat in
            try await eventually("the session's pulse at the hub") {
                try await chat.row()["active"]?.bool == true
            }
            _ = try await chat.hub.call("killSession", of: chat.id)
        }
    }
}
