import HubProtocol
import Testing

@testable import SessionProcess

/// A conversation that goes from the agent's own program in a terminal to people elsewhere, and back.
@Suite struct TerminalTests {
    private static func inTerminal() -> Talk {
        var talk = Talk()
        talk.conversation = Conversation(
            AgentTable.claude, opening: AgentOpening(directory: "/work"), hasTerminal: true)
        _ = talk.happens(.begin)
        return talk
    }

    @Test func itBeginsInTheTerminalAndIsOnlyHeardThere() {
        var talk = Talk()
        talk.conversation = Conversation(
            AgentTable.claude, opening: AgentOpening(directory: "/work"), hasTerminal: true)
        let begun = talk.happens(.begin)
        #expect(begun.contains { if case .enterTerminal = $0 { true } else { false } })
        #expect(begun.starts.isEmpty && talk.conversation.status.mode == "local")
        let typed = talk.agent(.typed("fix it"))
        #expect(typed.said == [.person("fix it")] && talk.conversation.isThinking)
        #expect(talk.agent(.typed("and that")).said == [.person("and that")])
        let ended = talk.agent(.turnEnded(TurnEnd(.completed)))
        #expect(ended.said.last == .ready && !talk.conversation.isThinking)
        #expect(ended.contains(.title("fix it", isAgents: false)))
    }

    @Test func aMessageFromElsewhereTakesItOverAndIsGivenToTheNextAgent() {
        var talk = Self.inTerminal()
        _ = talk.agent(.identified(nativeID: "n1"))
        _ = talk.agent(.typed("run"))
        _ = talk.agent(.tool(bash("t1")))
        #expect(talk.says("m1", "go on") == [.leaveTerminal])
        #expect(talk.says("m2", "and on").isEmpty)
        let left = talk.happens(.leftTerminal)
        #expect(
            left.said.contains { if case .toolClosed(let result, _) = $0 { result.isError } else { false } })
        #expect(left.starts.map(\.nativeID) == ["n1"])
        #expect(left.contains(.publishRequests) && talk.conversation.status.mode == "remote")
        let ready = talk.agent(.ready)
        #expect(ready.commands == [.prompt(Prompt(id: uuid(from: "m1"), text: "go on", attachments: []))])
    }

    @Test func theTerminalTakesItBackWithWhatWasSetMeanwhile() {
        var talk = Self.inTerminal()
        #expect(talk.happens(.takeOver) == [.leaveTerminal])
        _ = talk.happens(.leftTerminal)
        _ = talk.agent(.ready)
        _ = talk.agent(.identified(nativeID: "n2"))
        _ = talk.agent(.settingChanged(.mode("plan")))
        #expect(talk.happens(.takeBack) == [.closeAgent])
        #expect(talk.happens(.takeBack).isEmpty)
        let back = talk.agent(.exited(AgentExit(status: "with status 0", code: 0)))
        var opening = AgentOpening(directory: "/work", nativeID: "n2")
        opening.mode = "plan"
        #expect(back.contains(.enterTerminal(opening)))
        #expect(!back.said.contains { if case .notice(.error) = $0 { true } else { false } })
        #expect(talk.conversation.status.mode == "local")
    }

    @Test func aMessageThatWasNotBegunWithWaitsWhenTheTerminalTakesItBack() {
        var talk = Self.inTerminal()
        _ = talk.says("m1", "one")
        _ = talk.happens(.leftTerminal)
        #expect(talk.happens(.takeBack) == [.closeAgent])
        let back = talk.agent(.exited(AgentExit(status: "with status 0", code: 0)))
        #expect(back.consumed.isEmpty)
        _ = talk.agent(.typed("mine"))
        #expect(!talk.agent(.turnEnded(TurnEnd(.completed))).contains(.leaveTerminal))
        #expect(talk.says("m2", "two") == [.leaveTerminal])
    }

    @Test func withoutATerminalThereIsNothingToTakeBack() {
        var talk = Talk.ready()
        #expect(talk.happens(.takeBack).isEmpty && talk.happens(.takeOver).isEmpty)
    }

    @Test func settingsOfAProgramInATerminalAreChangedThere() {
        var talk = Self.inTerminal()
        let replies = talk.happens(.configure([.mode("plan")], reply: 1)).replies
        #expect(replies == [.failed("claude runs in a terminal: its settings are changed there")])
        #expect(talk.happens(.abort).isEmpty)
    }
}
