import Testing

@testable import SessionProcess

/// Messages down: queue, order, the moment of consumption, steering, taking back.
@Suite struct MessageTests {
    @Test func aMessageIsConsumedWhenTheAgentBeginsWithItAndNotBefore() {
        var talk = Talk.ready()
        let given = talk.says("a", "hello")
        #expect(given.consumed.isEmpty && given.contains(.publishStatus) && talk.conversation.isThinking)
        #expect(given.commands == [.prompt(Prompt(id: uuid(from: "a"), text: "hello"))])
        let begun = talk.agent(.promptStarted(id: uuid(from: "a")))
        #expect(begun.consumed == ["a"])
    }

    @Test func whatWasSaidBeforeGoesOutBeforeTheConsumption() {
        var talk = Talk.working()
        _ = talk.says("b", "and this", steers: true)
        _ = talk.agent(.said(Passage(id: "t", extent: .chunk, text: "par")))
        _ = talk.agent(.said(Passage(id: "t", extent: .chunk, text: "tial")))
        let actions = talk.agent(.promptStarted(id: uuid(from: "b")))
        #expect(actions.first == .say(.passage(Passage(id: "t", text: "partial"), isFinal: true)))
        #expect(actions.contains(.consumed(["b"], clearsThinking: false, steered: true)))
    }

    @Test func aMessageWaitsForTheAgentAndStartsOneThatIsGone() {
        var talk = Talk()
        #expect(talk.happens(.begin).starts.count == 1)
        #expect(talk.says("a", "one").commands.isEmpty)
        #expect(talk.agent(.ready).commands.count == 1)
        _ = talk.agent(.promptStarted(id: uuid(from: "a")))
        _ = talk.agent(.identified(nativeID: "n1"))
        _ = talk.agent(.turnEnded(TurnEnd(.completed)))
        _ = talk.agent(.exited(AgentExit(status: "by SIGKILL")))
        #expect(talk.says("b", "two").starts.map(\.nativeID) == ["n1"])
    }

    @Test func messagesAreGivenOneAfterTheOther() {
        var talk = Talk.working()
        #expect(talk.says("b", "two").commands.isEmpty && talk.says("c", "three").commands.isEmpty)
        let next = talk.agent(.turnEnded(TurnEnd(.completed)))
        #expect(next.commands == [.prompt(Prompt(id: uuid(from: "b"), text: "two"))])
        #expect(!next.said.contains(.ready))
        _ = talk.agent(.promptStarted(id: uuid(from: "b")))
        #expect(talk.agent(.turnEnded(TurnEnd(.completed))).commands.count == 1)
        _ = talk.agent(.promptStarted(id: uuid(from: "c")))
        #expect(talk.agent(.turnEnded(TurnEnd(.completed))).said.last == .ready)
    }

    @Test func aMessageWithoutAnIDAtTheHubIsNotAcknowledged() {
        var talk = Talk.ready()
        _ = talk.happens(.message(PersonMessage(key: "seq-1", text: "x", isAcknowledged: false)))
        #expect(talk.agent(.promptStarted(id: uuid(from: "seq-1"))).consumed.isEmpty)
    }

    @Test func aMessageFromThisMachineIsShownAtTheHub() {
        var talk = Talk.ready()
        _ = talk.happens(.message(PersonMessage(key: "k", text: "from here", origin: .here)))
        let begun = talk.agent(.promptStarted(id: uuid(from: "k")))
        #expect(begun.said == [.person("from here")] && begun.consumed.isEmpty)
    }

    @Test func aQueuedMessageCanBeTakenBackAndAnotherCannot() {
        var talk = Talk.working()
        _ = talk.says("b", "two")
        #expect(talk.happens(.cancelMessage(key: "b", reply: 1)).replies == [.removed])
        #expect(talk.happens(.cancelMessage(key: "p", reply: 2)).replies == [.consumed])
        _ = talk.agent(.turnEnded(TurnEnd(.completed)))
        _ = talk.says("c", "three")
        #expect(talk.happens(.cancelMessage(key: "c", reply: 3)).replies == [.inFlight])
    }

    @Test func aQueuedMessageJoinsTheTurnOnRequest() {
        var talk = Talk.working()
        _ = talk.says("b", "two")
        let steered = talk.happens(.steerMessage(key: "b", reply: 7))
        #expect(
            steered.commands == [.steer(Prompt(id: uuid(from: "b"), text: "two"))] && steered.replies.isEmpty)
        let begun = talk.agent(.promptStarted(id: uuid(from: "b")))
        #expect(begun.replies == [.steered])
        #expect(begun.contains(.consumed(["b"], clearsThinking: false, steered: true)))
    }

    @Test func steeringSaysWhyItCannotBe() {
        var idle = Talk.ready()
        var other = Talk.working(Talk.codexFamily)
        for actions in [
            idle.happens(.steerMessage(key: "b", reply: 1)), other.happens(.steerMessage(key: "b", reply: 1)),
        ] {
            guard case .notSteered? = actions.replies.first else {
                Issue.record("\(actions)")
                continue
            }
        }
    }

    @Test func aSteeredMessageThatComesTooLateIsATurnOfItsOwn() {
        var talk = Talk.working()
        _ = talk.says("b", "two", steers: true)
        let ended = talk.agent(.turnEnded(TurnEnd(.completed)))
        #expect(ended.said.last != .ready)
        let begun = talk.agent(.promptStarted(id: uuid(from: "b")))
        #expect(begun.contains(.consumed(["b"], clearsThinking: false, steered: false)))
        #expect(talk.agent(.turnEnded(TurnEnd(.completed))).said.last == .ready)
    }

    @Test func thePlanWordSetsTheModeAndGivesTheRestToTheAgent() {
        var talk = Talk.ready()
        let on = talk.says("a", "/plan")
        #expect(on.commands == [.set(.mode("plan"))])
        #expect(on.contains(.consumed(["a"], clearsThinking: true, steered: false)))
        let prompt = talk.says("b", "/plan think first")
        #expect(prompt.commands.last == .prompt(Prompt(id: uuid(from: "b"), text: "think first")))
    }

    @Test func theFirstPromptIsTheTitleUntilThereIsABetterOne() {
        var talk = Talk.ready()
        _ = talk.says("a", "  fix\n the   tests ")
        _ = talk.agent(.promptStarted(id: uuid(from: "a")))
        #expect(
            talk.agent(.turnEnded(TurnEnd(.completed))).contains(.title("fix the tests", isAgents: false)))
        #expect(talk.agent(.titled("Untitled")).isEmpty)
        #expect(talk.agent(.titled("Tests")).contains(.title("Tests", isAgents: true)))
    }

    @Test func aKeyThatIsAUUIDIsThePromptsIDAndAnyOtherMakesOne() {
        let id = "0bd1e4c6-5a1f-4e0e-9f57-3f5a7c0c2a13"
        var talk = Talk.ready()
        #expect(talk.says(id, "x").commands == [.prompt(Prompt(id: id, text: "x"))])
        #expect(isUUID(uuid(from: "any")) && uuid(from: "a") != uuid(from: "b") && !isUUID("any"))
    }

    // MARK: Given once

    @Test func whatIsGivenIsOnRecordBefore() {
        var talk = Talk.ready()
        let given = talk.says("a", "hello")
        let record = given.firstIndex(of: .record(.given(key: "a")))
        let command = given.firstIndex(of: .command(.prompt(Prompt(id: uuid(from: "a"), text: "hello"))))
        #expect(record != nil && command != nil && record ?? 0 < command ?? 0)
        _ = talk.agent(.promptStarted(id: uuid(from: "a")))
        #expect(talk.says("b", "and this", steers: true).facts == [.given(key: "b")])
    }

    @Test func whatTheAgentHadNotBegunWithMayBeGivenAgain() {
        var talk = Talk.ready()
        _ = talk.says("a", "hello")
        #expect(talk.agent(.exited(AgentExit(status: "by SIGKILL"))).facts == [.returned(key: "a")])
    }

    @Test func whatIsNotSentAgainIsNotRecorded() {
        var talk = Talk.ready()
        #expect(talk.happens(.message(PersonMessage(key: "k", text: "x", origin: .here))).facts.isEmpty)
    }

    @Test func whatAnEarlierLifeGaveIsAcknowledgedAndNotGivenAgain() {
        var talk = Talk()
        talk.conversation = Conversation(
            AgentTable.claude, opening: AgentOpening(directory: "/work"), givenBefore: ["a"])
        _ = talk.happens(.begin)
        _ = talk.agent(.ready)
        let passedOver = talk.says("a", "hello")
        #expect(passedOver.commands.isEmpty && passedOver.consumed == ["a"])
        guard case .notice(.message(let words))? = passedOver.said.first else {
            Issue.record("\(passedOver)")
            return
        }
        #expect(words.contains("send it again"))
        #expect(talk.says("b", "hello").commands.count == 1)
    }
}
