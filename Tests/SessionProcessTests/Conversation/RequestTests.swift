import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct RequestTests {
    private static func asking(_ kind: PermissionRequest.Kind = .tool, _ tool: ToolCall = bash("c1")) -> Talk
    {
        var talk = Talk.working()
        _ = talk.agent(.tool(tool))
        _ = talk.agent(.permissionRequested(PermissionRequest(id: "r1", kind: kind, tool: tool)))
        return talk
    }

    private static func answer(_ actions: [ConversationAction]) -> PermissionAnswer? {
        actions.commands.compactMap {
            if case .answer("r1", let answer) = $0 { answer } else { nil }
        }.first
    }

    @Test func theCardComesBeforeTheRequest() {
        var talk = Talk.working()
        let actions = talk.agent(.permissionRequested(PermissionRequest(id: "r1", tool: bash("c1"))))
        #expect(actions.first == .say(.toolOpened(bash("c1"))) && actions.last == .publishRequests)
        #expect(talk.conversation.requests[card: "c1"]?.arguments == ["command": "make"])
    }

    @Test func aRequestTakesTheCardsInputWhereItHasNone() {
        let card = ToolCall(id: "c1", name: "ExitPlanMode", input: ["plan": "1. write it"])
        var talk = Talk.working()
        _ = talk.agent(.tool(card))
        let request = ToolCall(id: "c1", name: "ExitPlanMode", input: [:])
        _ = talk.agent(.permissionRequested(PermissionRequest(id: "r1", kind: .plan, tool: request)))
        #expect(talk.conversation.requests[card: "c1"]?.arguments == ["plan": "1. write it"])
    }

    @Test(arguments: [
        (PermissionAnswer.Decision.approved, CompletedRequest.Status.approved),
        (.approvedForSession, .approved), (.denied, .denied), (.abort, .denied),
    ])
    func aDecisionAnswersTheAgentAndIsKept(
        _ decision: PermissionAnswer.Decision, _ status: CompletedRequest.Status
    ) {
        var talk = Self.asking()
        let actions = talk.happens(.decision(card: "c1", Decision(PermissionAnswer(decision))))
        #expect(Self.answer(actions)?.decision == decision)
        #expect(talk.conversation.requests.completed.map(\.status) == [status])
        #expect(actions.contains(.publishRequests))
        #expect(actions.commands.contains(.interrupt) == (decision == .abort))
        #expect(actions.facts == [.decided(card: "c1", status: status.rawValue, by: "hub")])
    }

    @Test func aSecondPhoneDecidesNothingMore() {
        var talk = Self.asking()
        _ = talk.happens(.decision(card: "c1", Decision(PermissionAnswer(.approved))))
        #expect(talk.happens(.decision(card: "c1", Decision(PermissionAnswer(.denied)))).isEmpty)
        #expect(talk.happens(.decision(card: "unknown", Decision(PermissionAnswer(.denied)))).isEmpty)
    }

    @Test func whatWasAllowedForTheSessionIsNotAskedAgain() {
        var talk = Self.asking()
        let rule = PermissionAnswer(.approved, allowedTools: ["Bash(make)"])
        let allowed = talk.happens(.decision(card: "c1", Decision(rule)))
        #expect(Self.answer(allowed)?.decision == .approvedForSession)
        #expect(Self.answer(allowed)?.allowedTools == ["Bash(make)"])
        let again = talk.agent(.permissionRequested(PermissionRequest(id: "r1", tool: bash("c2"))))
        #expect(Self.answer(again) != nil && talk.conversation.requests.pending.isEmpty)
        let other = talk.agent(.permissionRequested(PermissionRequest(id: "r1", tool: bash("c3", "rm"))))
        #expect(Self.answer(other) == nil && talk.conversation.requests.pending.count == 1)
    }

    @Test func aModeGivenWithTheApprovalIsSetFirst() {
        var talk = Self.asking(.tool, ToolCall(id: "c1", name: "Edit", input: ["file_path": "a"]))
        let approval = PermissionAnswer(.approved, mode: "acceptEdits")
        let actions = talk.happens(.decision(card: "c1", Decision(approval)))
        #expect(actions.commands.first == .set(.mode("acceptEdits")) && actions.commands.count == 2)
    }

    @Test func aPlansApprovalCarriesItsMode() {
        var talk = Self.asking(.plan, ToolCall(id: "c1", name: "ExitPlanMode", input: ["plan": "x"]))
        let approval = PermissionAnswer(.approved, mode: "acceptEdits")
        let actions = talk.happens(.decision(card: "c1", Decision(approval)))
        #expect(actions.commands.count == 1 && Self.answer(actions)?.mode == "acceptEdits")
    }

    @Test func aQuestionWithoutAnswersIsDenied() {
        var talk = Self.asking(.question)
        let actions = talk.happens(.decision(card: "c1", Decision(PermissionAnswer(.approved))))
        #expect(Self.answer(actions)?.decision == .denied)
        #expect(talk.conversation.requests.completed.map(\.status) == [.denied])
    }

    @Test func aWithdrawnRequestIsCanceledAndNotAnswered() {
        var talk = Self.asking()
        let actions = talk.agent(.permissionWithdrawn(id: "r1"))
        #expect(actions.commands.isEmpty && actions.contains(.publishRequests))
        #expect(talk.conversation.requests.completed.map(\.status) == [.canceled])
    }

    @Test func aToolThatIsTriedAgainUnderItsIDIsPendingAlone() {
        var talk = Self.asking()
        _ = talk.happens(.decision(card: "c1", Decision(PermissionAnswer(.denied))))
        _ = talk.agent(.permissionRequested(PermissionRequest(id: "r2", tool: bash("c1"))))
        #expect(talk.conversation.requests.pending.count == 1 && talk.conversation.requests.completed.isEmpty)
    }

    @Test func onlyTheLastDecisionsAreKept() {
        var talk = Talk.working()
        for number in 0..<(RequestBook.completedLimit + 50) {
            let request = PermissionRequest(id: "r\(number)", tool: bash("c\(number)"))
            _ = talk.agent(.permissionRequested(request))
            _ = talk.happens(.decision(card: "c\(number)", Decision(PermissionAnswer(.denied))))
        }
        #expect(talk.conversation.requests.completed.count == RequestBook.completedLimit)
    }

    @Test(
        arguments: [
            ("bypassPermissions", "Bash", PermissionAnswer.Decision.approved),
            ("acceptEdits", "Edit", .approved),
            ("yolo", "Bash", .approvedForSession), ("safe-yolo", "Bash", .approved),
            ("read-only", "Grep", .approved),
        ] as [(String, String, PermissionAnswer.Decision)])
    func aModeDecidesWithoutAPerson(_ mode: String, _ tool: String, _ decision: PermissionAnswer.Decision) {
        let call = ToolCall(id: "c", name: tool, input: [:])
        #expect(ApprovalPolicy.decision(mode: mode, PermissionRequest(id: "r", tool: call)) == decision)
        for kind in [PermissionRequest.Kind.question, .plan] {
            #expect(
                ApprovalPolicy.decision(mode: mode, PermissionRequest(id: "r", kind: kind, tool: call)) == nil
            )
        }
    }

    @Test(arguments: [
        ("default", "Bash"), ("acceptEdits", "Bash"), ("read-only", "Write"), ("read-only", "Bash"),
        ("plan", "Edit"),
    ])
    func aModeLeavesTheRestToAPerson(_ mode: String, _ tool: String) {
        let call = ToolCall(id: "c", name: tool, input: [:])
        #expect(ApprovalPolicy.decision(mode: mode, PermissionRequest(id: "r", tool: call)) == nil)
    }

    @Test func rulesAreAToolACommandOrItsBeginning() {
        var list = AllowList()
        list.allow(["Read", "Bash(git status)", "Bash(npm run:*)"])
        #expect(list.allows("Read", ["file_path": "x"]) && list.allows("Bash", ["command": "git status"]))
        #expect(list.allows("Bash", ["command": "npm run test"]))
        #expect(!list.allows("Bash", ["command": "git status; rm"]) && !list.allows("Write", [:]))
        list.allow(["Bash(cat \u{E9})", "Bash(vi e\u{301}:*)"])
        #expect(
            list.allows("Bash", ["command": "cat \u{E9}"]) && list.allows("Bash", ["command": "vi e\u{301}x"])
        )
        #expect(
            !list.allows("Bash", ["command": "cat e\u{301}"])
                && !list.allows("Bash", ["command": "vi \u{E9}x"]))
    }
}
