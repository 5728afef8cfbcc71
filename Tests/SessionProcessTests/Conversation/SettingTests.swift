import Testing

@testable import SessionProcess

@Suite struct SettingTests {
    @Test func aSettingIsAppliedWhenTheAgentSaysSo() {
        var talk = Talk.working()
        let asked = talk.happens(.configure([.mode("plan"), .model("opus")], reply: 1))
        #expect(asked.commands == [.set(.mode("plan")), .set(.model("opus"))] && asked.replies.isEmpty)
        #expect(talk.agent(.settingChanged(.mode("plan"))).replies.isEmpty)
        let applied = talk.agent(.settingChanged(.model("opus")))
        #expect(applied.replies == [.applied([.mode("plan"), .model("opus")])])
        #expect(talk.conversation.mode == "plan" && talk.conversation.model == "opus")
    }

    @Test func aSettingTheAgentRefusesIsNotClaimed() {
        var talk = Talk.ready()
        _ = talk.happens(.configure([.effort("absurd")], reply: 1))
        let refused = talk.agent(.settingRefused(.effort("absurd"), reason: "no such effort"))
        #expect(refused.replies == [.failed("no such effort")] && talk.conversation.effort == nil)
    }

    @Test func aModeOfAnotherAgentIsRefusedWithItsModes() {
        var talk = Talk.ready()
        guard case .failed(let words)? = talk.happens(.configure([.mode("yolo")], reply: 1)).replies.first
        else {
            Issue.record("not refused")
            return
        }
        #expect(words.contains("acceptEdits"))
    }

    @Test func anAgentThatDoesNotAnswerFailsTheSettingInTime() {
        var talk = Talk.ready()
        _ = talk.happens(.configure([.model(nil)], reply: 1))
        #expect(talk.happens(.woke, after: Conversation.settingPatience).replies.count == 1)
        _ = talk.happens(.configure([.model(nil)], reply: 2))
        #expect(
            talk.agent(.exited(AgentExit(status: "with status 1"))).replies == [.failed("the agent ended")])
    }

    @Test func anAgentThatIsNotThereIsStartedWithTheSettings() {
        var talk = Talk()
        #expect(talk.happens(.configure([.mode("plan"), .effort("low")], reply: 1)).replies.count == 1)
        let opening = talk.happens(.begin).starts.first
        #expect(opening?.mode == "plan" && opening?.effort == "low")
    }

    @Test func whatIsSetWhileTheAgentStartsIsToldToIt() {
        var talk = Talk()
        _ = talk.happens(.begin)
        #expect(talk.happens(.configure([.model("opus")], reply: 1)).replies == [.applied([.model("opus")])])
        #expect(talk.agent(.ready).commands == [.set(.model("opus"))])
    }

    @Test func theAgentsOwnChangeIsAdoptedAndTold() {
        var talk = Talk.working()
        let changed = talk.agent(.settingChanged(.mode("acceptEdits")))
        #expect(changed == [.publishStatus, .say(.modeChanged("acceptEdits"))])
        #expect(talk.agent(.settingChanged(.mode("acceptEdits"))).isEmpty)
    }
}
