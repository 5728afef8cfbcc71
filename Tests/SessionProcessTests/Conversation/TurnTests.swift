import HubProtocol
import Testing

@testable import SessionProcess

/// What the agent says, and every way a turn, an agent and a session end.
@Suite struct TurnTests {
    @Test func aTurnEndsInTheOrderTheWebAppNeeds() {
        var talk = Talk.working()
        _ = talk.agent(.tool(bash("c1")))
        _ = talk.agent(.permissionRequested(PermissionRequest(id: "r1", tool: bash("c1"))))
        _ = talk.agent(.said(Passage(id: "t", extent: .chunk, text: "a")))
        _ = talk.agent(.said(Passage(id: "t", extent: .chunk, text: "b")))
        let actions = talk.agent(.turnEnded(TurnEnd(.completed, milliseconds: 5)))
        #expect(
            actions.said == [
                .passage(Passage(id: "t", text: "ab"), isFinal: true),
                .toolClosed(ToolResult(id: "c1", output: ""), decided: nil),
                .turnEnded(TurnEnd(.completed, milliseconds: 5)), .ready,
            ])
        #expect(talk.conversation.requests.pending.isEmpty && !talk.conversation.isThinking)
        #expect(talk.conversation.requests.completed.map(\.status) == [.canceled])
        let status = actions.firstIndex(of: .publishStatus)
        #expect(status == actions.count - 2)
    }

    @Test func aGrowingTextIsShownAtOnceThenRarelyAndWholeAtTheEnd() {
        var talk = Talk.working(Talk.codexFamily)
        var said: [Utterance] = []
        for _ in 0..<2000 {
            said += talk.agent(.said(Passage(id: "t", extent: .chunk, text: "x")), after: 1).said
            if let due = talk.conversation.nextWake, due <= talk.time { said += talk.happens(.woke).said }
        }
        said += talk.agent(.turnEnded(TurnEnd(.completed))).said
        let texts = said.compactMap {
            if case .passage(let passage, _) = $0 { passage.text.count } else { nil }
        }
        #expect(texts.first == 1 && texts.last == 2000 && texts == texts.sorted())
        #expect(texts.count <= 2000 / 100)
    }

    @Test func anAbortInterruptsAndCancelsRequestsAndTheQueueGoesOn() {
        var talk = Talk.working()
        _ = talk.agent(.permissionRequested(PermissionRequest(id: "r1", tool: bash("c1"))))
        _ = talk.says("b", "two")
        let abort = talk.happens(.abort)
        #expect(abort.commands == [.interrupt] && abort.contains(.publishRequests))
        #expect(talk.happens(.abort).isEmpty)
        let ended = talk.agent(.turnEnded(TurnEnd(.interrupted)))
        #expect(
            ended.said.first
                == .toolClosed(
                    ToolResult(id: "c1", output: "Interrupted", isError: true),
                    decided: talk.conversation.requests.completed(card: "c1")))
        #expect(ended.said.contains(.notice(.message("Aborted by user"))))
        #expect(ended.commands == [.prompt(Prompt(id: uuid(from: "b"), text: "two"))])
    }

    @Test func anAbortWhileNothingRunsDoesNothing() {
        var talk = Talk.ready()
        #expect(talk.happens(.abort).isEmpty)
    }

    @Test func anAgentDeafToAnAbortIsEndedAndResumed() {
        var talk = Talk.working()
        _ = talk.agent(.identified(nativeID: "n1"))
        _ = talk.says("b", "two")
        _ = talk.happens(.abort)
        #expect(talk.conversation.nextWake == 5000)
        #expect(talk.happens(.woke, after: 5000).contains(.killAgent))
        let gone = talk.agent(.exited(AgentExit(status: "by SIGKILL")))
        #expect(gone.said.contains(.notice(.message("Aborted by user"))))
        #expect(gone.starts.map(\.nativeID) == ["n1"])
    }

    @Test func anAgentThatDiesIsToldOfAndLeavesNothingOpen() {
        var talk = Talk.working()
        _ = talk.agent(.permissionRequested(PermissionRequest(id: "r1", tool: bash("c1"))))
        let gone = talk.agent(.exited(AgentExit(status: "by SIGSEGV", lastWords: "oops")))
        #expect(
            gone.said.contains {
                if case .notice(.error(let words)) = $0 { words.contains("SIGSEGV: oops") } else { false }
            })
        #expect(
            gone.said.contains {
                if case .toolClosed(let result, _) = $0 { result.id == "c1" && result.isError } else { false }
            })
        #expect(talk.conversation.requests.pending.isEmpty && !talk.conversation.isThinking)
        #expect(
            gone.starts.isEmpty && gone.facts.contains(.turnEnded(id: uuid(from: "p"), outcome: "failed")))
    }

    @Test func aPromptThatTheAgentDidNotBeginWithIsGivenAgainThreeTimesAtMost() {
        var talk = Talk.ready()
        _ = talk.says("a", "one")
        var starts = 0
        for _ in 0..<5 {
            let gone = talk.agent(.exited(AgentExit(status: "with status 1")))
            starts += gone.starts.count
            guard !gone.starts.isEmpty else { break }
            #expect(talk.agent(.ready).commands.count == 1)
        }
        #expect(starts == 2)
        // Not consumed, so that the hub keeps it; another message tries again.
        #expect(talk.says("b", "two").starts.count == 1)
        #expect(talk.agent(.ready).commands == [.prompt(Prompt(id: uuid(from: "a"), text: "one"))])
    }

    @Test func aLostConversationIsToldOfAndANewOneBegins() {
        var opening = AgentOpening(directory: "/work", nativeID: "lost")
        opening.mode = "plan"
        var talk = Talk(opening: opening)
        #expect(talk.happens(.begin).starts.map(\.nativeID) == ["lost"])
        _ = talk.agent(.resumeFailed(reason: "No conversation found"))
        _ = talk.agent(.exited(AgentExit(status: "with status 1")))
        let again = talk.says("a", "x").starts
        #expect(again.map(\.nativeID) == [nil] && again.map(\.mode) == ["plan"])
    }

    @Test func theEndOfASessionClosesEverything() {
        var talk = Talk.working()
        _ = talk.agent(.permissionRequested(PermissionRequest(id: "r1", tool: bash("c1"))))
        let end = talk.happens(.end(reason: "User terminated"))
        #expect(end.last == .finish(reason: "User terminated"))
        #expect(end.contains(.publishRequests) && talk.conversation.requests.pending.isEmpty)
        #expect(talk.conversation.requests.completed.first?.status == .canceled)
        #expect(talk.happens(.end(reason: "again")).isEmpty && talk.says("z", "late").isEmpty)
    }

    @Test func aCardIsRefinedAndNeverByLess() {
        var talk = Talk.working(Talk.codexFamily)
        _ = talk.agent(.tool(bash("c1", "ls")))
        #expect(talk.agent(.tool(ToolCall(id: "c1", name: "tool", input: [:]))).isEmpty)
        let refined = talk.agent(.tool(ToolCall(id: "c1", name: "", input: ["command": "ls -l"])))
        #expect(refined.said == [.toolOpened(bash("c1", "ls -l"))])
        #expect(talk.agent(.toolEnded(ToolResult(id: "unknown", output: ""))).isEmpty)
    }

    @Test func usageIsPassedOnOnceASecondAndAtTheEnd() {
        var talk = Talk.working(Talk.codexFamily)
        var said = 0
        for tokens in 1...100 {
            said += talk.agent(.usage(TokenUsage(input: tokens, output: 0)), after: 5).said.count
        }
        #expect(said == 1)
        #expect(talk.agent(.turnEnded(TurnEnd(.completed))).said.first == .usage(TokenUsage(input: 100)))
    }

    @Test func anAgentThatWorksByItselfIsShownAsWorking() {
        var talk = Talk.ready()
        #expect(talk.agent(.turnBegan).contains(.publishStatus) && talk.conversation.isThinking)
        #expect(talk.agent(.turnEnded(TurnEnd(.completed))).said.last == .ready)
    }

    /// At most one message in 100 ms, and a last one, however fast it is said.
    @Test func anAnswerOfManyPiecesCostsFewMessages() {
        var talk = Talk.working(Talk.codexFamily)
        var said = 0
        for number in 0..<2000 {
            let chunk = Passage(id: "t", extent: .chunk, text: "word \(number) ")
            said += talk.agent(.said(chunk), after: 5).said.count
        }
        said += talk.agent(.turnEnded(TurnEnd(.completed))).said.count { utterance in
            if case .passage = utterance { true } else { false }
        }
        #expect(said <= 2000 * 5 / 100 && said > 10, "\(said) messages in \(2000 * 5) ms")
    }

    @Test func ofVeryManyToolsAtWorkTheFirstAreNotWatchedAnyMore() {
        var talk = Talk.working()
        for number in 0..<Conversation.openCards { _ = talk.agent(.tool(bash("c\(number)"))) }
        let more = talk.agent(.tool(bash("more"))).said
        guard case .toolClosed(let result, _)? = more.first else {
            Issue.record("\(more)")
            return
        }
        #expect(result.id == "c0" && more.count == 2)
        #expect(talk.agent(.toolEnded(ToolResult(id: "c0", output: "late"))).said.isEmpty)
    }

    @Test func whatEndsInTheBackgroundIsCountedAndTold() {
        var talk = Talk.ready()
        let said = talk.agent(.backgroundEnded(id: "b1", summary: "make is done")).said
        #expect(said == [.backgroundEnded(id: "b1"), .notice(.message("make is done"))])
    }
}
