import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct ACPDialectTests {
    typealias Run = DialectRun<ACPDialect>
    static let modes = ["default", "read-only", "safe-yolo", "yolo"]

    static func dialect(_ opening: AgentOpening = AgentOpening(directory: "/w")) -> ACPDialect {
        ACPDialect(
            opening, agent: "vibe", hubModes: modes, idPrefix: "t", readFile: { _ in Array("picture".utf8) })
    }

    static let capabilities: JSONValue = [
        "protocolVersion": 1,
        "agentCapabilities": ["loadSession": true, "promptCapabilities": ["image": true]],
        "authMethods": [["id": "key", "name": "With a key"]],
    ]
    static func select(_ id: String, _ category: String, _ current: String, _ values: [String]) -> JSONValue {
        [
            "id": .string(id), "category": .string(category), "type": "select",
            "currentValue": .string(current),
            "options": .array(values.map { ["value": .string($0), "name": .string($0.uppercased())] }),
        ]
    }
    static func options(mode: String = "ask", model: String = "small") -> JSONValue {
        [
            select("mode", "mode", mode, ["ask", "plan"]),
            select("model", "model", model, ["small", "large"]),
            select("thinking", "thought_level", "low", ["low", "high"]),
        ]
    }
    static let session: JSONValue = ["sessionId": "s1", "configOptions": options()]

    static func begun(_ opening: AgentOpening = AgentOpening(directory: "/w"), _ session: JSONValue = session)
        -> Run
    {
        var run = Run(dialect(opening))
        run.answer("initialize", capabilities)
        run.answer("session/new", session)
        return run
    }

    static func update(_ kind: String, _ members: [String: JSONValue] = [:], session: String = "s1")
        -> JSONValue
    {
        let update = members.merging(["sessionUpdate": .string(kind)]) { old, _ in old }
        return [
            "method": "session/update", "params": ["sessionId": .string(session), "update": .object(update)],
        ]
    }

    static func chunk(_ text: String, _ id: String? = nil, kind: String = "agent_message_chunk") -> JSONValue
    {
        var members: [String: JSONValue] = ["content": ["type": "text", "text": .string(text)]]
        if let id { members["messageId"] = .string(id) }
        return update(kind, members)
    }

    static func inTurn() -> Run {
        var run = begun()
        run.command(.prompt(Prompt(id: "p1", text: "hello")))
        _ = run.takeEvents()
        return run
    }

    // MARK: Opening

    @Test func aNewConversationHasItsIDBeforeItTakesPrompts() {
        var run = Run(Self.dialect())
        #expect(run.sent.first?["method"] == "initialize")
        #expect(run.sent.first?["params"]?["protocolVersion"] == 1)
        run.answer("initialize", Self.capabilities)
        #expect(run.sent.last?["params"] == ["cwd": "/w", "mcpServers": []])
        run.answer("session/new", Self.session)
        let events = run.takeEvents()
        #expect(events.first == .identified(nativeID: "s1"))
        #expect(events.last == .ready)
        #expect(
            events.contains(
                .modelsAvailable([
                    AgentOption(id: "small", name: "SMALL"), AgentOption(id: "large", name: "LARGE"),
                ])))
        #expect(run.alarms.isEmpty && run.gaveUp == nil)
    }

    @Test func anotherVersionIsSaidAndNotTried() {
        var run = Run(Self.dialect())
        run.answer("initialize", ["protocolVersion": 2])
        #expect(run.gaveUp?.contains("version 2") == true)
    }

    @Test func anAgentThatDoesNotAnswerIsGivenUp() {
        var run = Run(Self.dialect())
        run.ring("opening")
        #expect(run.gaveUp == "vibe did not answer within 60 s")
    }

    @Test func anAgentThatWantsALoginSaysWhereToLogIn() {
        var run = Run(Self.dialect())
        run.answer("initialize", Self.capabilities)
        run.refuse("session/new", code: -32000, "Authentication required")
        #expect(run.gaveUp?.contains("log in") == true && run.gaveUp?.contains("With a key") == true)
    }

    @Test func aConversationIsLoadedAndItsHistoryNotRepeated() {
        var run = Run(Self.dialect(AgentOpening(directory: "/w", nativeID: "s1")))
        run.answer("initialize", Self.capabilities)
        #expect(run.sent.last?["params"]?["sessionId"] == "s1")
        run.receive(
            Self.chunk("old"), Self.chunk("older", kind: "user_message_chunk"),
            Self.update("tool_call", ["toolCallId": "c", "status": "completed"]),
            Self.update("plan", ["entries": []]),
            Self.update("available_commands_update", ["availableCommands": [["name": "/compact"]]]))
        #expect(run.takeEvents() == [.commandsAvailable([SlashCommand(name: "compact")])])
        run.answer("session/load", ["configOptions": Self.options()])
        #expect(run.takeEvents().first == .identified(nativeID: "s1"))
    }

    @Test func resumingIsPreferredToLoading() {
        var run = Run(Self.dialect(AgentOpening(directory: "/w", nativeID: "s1")))
        run.answer(
            "initialize",
            [
                "protocolVersion": 1,
                "agentCapabilities": ["loadSession": true, "sessionCapabilities": ["resume": [:]]],
            ])
        #expect(run.sent.last?["method"] == "session/resume")
    }

    @Test func aConversationThatIsGoneGivesWayToANewOne() {
        var run = Run(Self.dialect(AgentOpening(directory: "/w", nativeID: "gone")))
        run.answer("initialize", Self.capabilities)
        run.refuse("session/load", code: -32602, "no such session")
        #expect(run.takeEvents() == [.resumeFailed(reason: "no such session")])
        run.answer("session/new", Self.session)
        #expect(run.takeEvents().first == .identified(nativeID: "s1"))
    }

    @Test func settingsAreAppliedBeforeTheFirstPrompt() {
        var opening = AgentOpening(directory: "/w")
        (opening.model, opening.effort, opening.mode) = ("large", "high", "yolo")
        var run = Self.begun(opening)
        #expect(run.events.contains(.settingChanged(.mode("yolo"))))
        run.command(.prompt(Prompt(id: "p", text: "hello")))
        // One after the other: the agent may lose what is set while it sets something else.
        #expect(Self.set(run) == ["large"])
        run.answer("session/set_config_option", [:])
        #expect(Self.set(run) == ["large", "high"] && run.sent.last?["method"] != "session/prompt")
        run.answer("session/set_config_option", [:])
        #expect(run.sent.last?["method"] == "session/prompt")
        #expect(run.events.last == .promptStarted(id: "p"))
    }

    private static func set(_ run: Run) -> [JSONValue?] {
        run.sent.filter { $0["method"] == "session/set_config_option" }.map { $0["params"]?["value"] }
    }

    @Test func aSettingThatIsNotAnsweredHoldsUpNothingForEver() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.command(.set(.model("large")))
        run.command(.set(.effort("high")))
        run.command(.prompt(Prompt(id: "p", text: "hello")))
        run.ring("setting")
        #expect(
            run.takeEvents() == [
                .settingRefused(.model("large"), reason: "vibe did not answer in time")
            ])
        // The late answer is not taken for the next one's.
        run.receive(["id": 3, "result": [:]])
        #expect(run.takeEvents() == [.settingChanged(.model("large"))])
        #expect(run.sent.last?["method"] == "session/set_config_option")
        run.answer("session/set_config_option", [:])
        #expect(run.takeEvents() == [.settingChanged(.effort("high")), .promptStarted(id: "p")])
    }

    @Test func anAgentThatSaysYesAndChangesNothingIsNotBelieved() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.command(.set(.model("large")))
        run.answer("session/set_config_option", ["configOptions": Self.options(model: "small")])
        #expect(run.takeEvents() == [.settingRefused(.model("large"), reason: "vibe keeps small")])
    }

    @Test func aPromptThatWaitsForASettingIsInterrupted() {
        var run = Self.begun()
        run.command(.set(.model("large")))
        _ = run.takeEvents()
        run.command(.prompt(Prompt(id: "p", text: "hello")))
        run.command(.interrupt)
        #expect(run.takeEvents() == [.promptStarted(id: "p"), .turnEnded(TurnEnd(.interrupted))])
        run.answer("session/set_config_option", [:])
        #expect(run.takeEvents() == [.settingChanged(.model("large"))])
    }

    // MARK: Turns

    @Test func aPromptIsBegunWhenItIsWrittenAndOverAQuietMomentAfterItsAnswer() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.command(.prompt(Prompt(id: "p1", text: "hello")))
        #expect(run.sent.last?["params"]?["prompt"] == [["type": "text", "text": "hello"]])
        #expect(run.takeEvents() == [.promptStarted(id: "p1")])
        run.receive(Self.chunk("Hel", "m1"), Self.chunk("lo", "m1"))
        run.answer(
            "session/prompt", ["stopReason": "end_turn", "usage": ["inputTokens": 100, "outputTokens": 42]])
        run.receive(Self.update("usage_update", ["used": 142, "size": 1000]))
        #expect(!run.events.contains { if case .turnEnded = $0 { true } else { false } })
        run.ring("quiet")
        let usage = TokenUsage(
            model: "small", input: 100, output: 42, contextTokens: 142, contextWindow: 1000)
        #expect(
            run.takeEvents() == [
                .said(Passage(id: "t-1", extent: .chunk, text: "Hel")),
                .said(Passage(id: "t-1", extent: .chunk, text: "lo")),
                .usage(usage), .usage(usage), .turnEnded(TurnEnd(.completed)),
            ])
    }

    @Test func anAgentThatNeverFallsSilentEndsItsTurnAllTheSame() {
        var run = Self.inTurn()
        run.answer("session/prompt", ["stopReason": "end_turn"])
        for _ in 0..<50 { run.receive(Self.chunk("more")) }
        #expect(run.alarms.count == 1 + ACPDialect.longestQuietWaits)
        run.ring("quiet")
        #expect(run.events.last == .turnEnded(TurnEnd(.completed)))
    }

    static let ends: [(JSONValue, TurnEnd.Outcome, Bool)] = [
        ("end_turn", .completed, false), ("cancelled", .interrupted, false), ("max_tokens", .completed, true),
        ("max_turn_requests", .completed, true), ("refusal", .completed, true),
        ("unheard of", .completed, false),
        (.null, .completed, false),
    ]

    @Test(arguments: ends) func aTurnEndsForTheReasonGiven(
        reason: JSONValue, outcome: TurnEnd.Outcome, isSaid: Bool
    ) {
        var run = Self.inTurn()
        run.answer("session/prompt", ["stopReason": reason])
        run.ring("quiet")
        #expect(run.events.last == .turnEnded(TurnEnd(outcome)))
        #expect(run.events.contains { if case .noticed = $0 { true } else { false } } == isSaid)
    }

    @Test func aRefusedPromptEndsItsTurnInWords() {
        var run = Self.inTurn()
        run.refuse("session/prompt", code: -32603, "A turn is already running")
        run.ring("quiet")
        #expect(run.events.last == .turnEnded(TurnEnd(.failed("A turn is already running"))))
    }

    @Test func textsAreOneUntilSomethingElseIsSaid() {
        var run = Self.inTurn()
        run.receive(
            Self.chunk("a"), Self.chunk("b"), Self.chunk("hm", kind: "agent_thought_chunk"), Self.chunk("c"),
            Self.update("tool_call", ["toolCallId": "c1", "title": "x"]), Self.chunk("d"), Self.chunk(""))
        let ids = run.takeEvents().compactMap { if case .said(let passage) = $0 { passage.id } else { nil } }
        #expect(ids == ["t-1", "t-1", "t-2", "t-3", "t-4"])
    }

    @Test func aLongTextGoesOnUnderANewID() {
        var run = Self.inTurn()
        for _ in 0..<5 { run.receive(Self.chunk(String(repeating: "é", count: 20_000), "m1")) }
        let passages = run.takeEvents().compactMap {
            if case .said(let passage) = $0 { passage } else { nil }
        }
        let sizes = Dictionary(grouping: passages, by: \.id).mapValues {
            $0.reduce(0) { $0 + $1.text.utf8.count }
        }
        #expect(sizes.values.allSatisfy { $0 <= TextSegments.longest })
        #expect(sizes.values.reduce(0, +) == 200_000)
    }

    @Test func attachmentsArePicturesOrLinks() {
        var run = Self.begun()
        run.command(
            .prompt(
                Prompt(
                    id: "p", text: "look",
                    attachments: [
                        Attachment(path: "/up/a b.pdf", filename: "a b.pdf", mimeType: "application/pdf"),
                        Attachment(path: "/up/a.png", filename: "a.png", mimeType: "image/png"),
                    ])))
        #expect(
            run.sent.last?["params"]?["prompt"] == [
                ["type": "text", "text": "look"],
                [
                    "type": "resource_link", "uri": "file:///up/a%20b.pdf", "name": "a b.pdf",
                    "mimeType": "application/pdf",
                ],
                ["type": "image", "mimeType": "image/png", "data": "cGljdHVyZQ=="],
            ])
    }

    // MARK: Tools

    @Test func aToolsCardIsOpenedRefinedAndClosedOnce() {
        var run = Self.inTurn()
        run.receive(
            Self.update(
                "tool_call",
                ["toolCallId": "c", "title": "bash", "kind": "execute", "rawInput": ["command": "ls"]]),
            Self.update("tool_call_update", ["toolCallId": "c", "status": "in_progress"]),
            Self.update("tool_call_update", ["toolCallId": "c", "status": "completed", "rawOutput": "x"]),
            Self.update("tool_call_update", ["toolCallId": "c", "status": "completed", "rawOutput": "y"]))
        let call = ToolCall(
            id: "c", name: "Bash", input: ["command": "ls", "description": "bash"], nativeTitle: "bash",
            nativeKind: "execute")
        #expect(run.takeEvents() == [.tool(call), .tool(call), .toolEnded(ToolResult(id: "c", output: "x"))])
    }

    @Test func aToolOutsideOfATurnIsToldOnlyOnceItIsOver() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.receive(Self.update("tool_call", ["toolCallId": "c", "title": "x"]))
        #expect(run.takeEvents().isEmpty)
        run.receive(Self.update("tool_call_update", ["toolCallId": "c", "status": "failed"]))
        #expect(run.takeEvents().count == 2)
    }

    // MARK: Permissions

    static let permissionOptions: JSONValue = [
        ["optionId": "y", "kind": "allow_once"], ["optionId": "s", "kind": "allow_always"],
        ["optionId": "for ever", "kind": "allow_always"], ["optionId": "n", "kind": "reject_once"],
    ]
    static func ask(_ id: JSONValue, _ card: String = "c", _ options: JSONValue = permissionOptions)
        -> JSONValue
    {
        [
            "id": id, "method": "session/request_permission",
            "params": ["sessionId": "s1", "toolCall": ["toolCallId": .string(card)], "options": options],
        ]
    }

    static let decisions: [(PermissionAnswer, JSONValue)] = [
        (PermissionAnswer(.approved), ["outcome": "selected", "optionId": "y"]),
        (PermissionAnswer(.approvedForSession), ["outcome": "selected", "optionId": "s"]),
        (PermissionAnswer(.denied), ["outcome": "selected", "optionId": "n"]),
        (PermissionAnswer(.abort), ["outcome": "cancelled"]),
    ]

    @Test(arguments: decisions) func aDecisionPicksTheOptionOfItsKind(
        answer: PermissionAnswer, outcome: JSONValue
    ) {
        var run = Self.inTurn()
        run.receive(
            Self.update("tool_call", ["toolCallId": "c", "kind": "execute", "title": "ls"]), Self.ask(0))
        guard case .permissionRequested(let request) = run.takeEvents().last else {
            Issue.record("nothing was asked")
            return
        }
        #expect(request.tool.name == "Bash" && request.tool.id == "c")
        _ = run.takeSent()
        run.command(.answer(request: request.id, answer))
        #expect(run.sent.last == ["jsonrpc": "2.0", "id": 0, "result": ["outcome": outcome]])
        run.command(.answer(request: request.id, answer))
        #expect(run.sent.filter { $0["id"] == 0 }.count == 1)
    }

    @Test func withoutAnOptionOfItsKindTheNextBestIsPicked() {
        let once: JSONValue = [["optionId": "a", "kind": "allow_always"]]
        let permission = ACPPermission(rpc: .number(1), card: "c", ["options": once])
        #expect(permission.option(for: PermissionAnswer(.approved)) == "a")
        #expect(permission.option(for: PermissionAnswer(.denied)) == nil)
    }

    @Test func anAbortCancelsTheTurnOnceAndEveryOpenQuestion() {
        var run = Self.inTurn()
        run.receive(Self.ask(0, "a"), Self.ask("x", "b"))
        _ = run.takeSent()
        run.command(.interrupt)
        run.command(.interrupt)
        run.receive(Self.ask(5, "late"))
        let sent = run.takeSent()
        #expect(sent.filter { $0["method"] == "session/cancel" }.count == 1)
        #expect(sent.first?["method"] == "session/cancel")
        #expect(
            sent.filter { $0["result"] == ["outcome": ["outcome": "cancelled"]] }.map { $0["id"] } == [
                "x", 0, 5,
            ])
    }

    @Test func aQuestionThatIsWithdrawnIsAnsweredAndTold() {
        var run = Self.inTurn()
        run.receive(Self.ask(0))
        _ = run.takeEvents()
        run.receive(["method": "$/cancel_request", "params": ["requestId": 0]])
        #expect(run.takeEvents() == [.permissionWithdrawn(id: "0")])
        #expect(run.sent.last?["error"]?["code"] == -32800)
    }

    @Test func noQuestionIsLeftWithoutAnAnswer() {
        var run = Self.inTurn()
        for number in Int64(0)..<300 { run.receive(Self.ask(.integer(number), "c\(number % 150)")) }
        run.answer("session/prompt", ["stopReason": "end_turn"])
        run.ring("quiet")
        run.receive(Self.ask(300))
        let answered = run.sent.compactMap { $0["result"]?["outcome"] == nil ? nil : $0["id"]?.integer }
        #expect(answered.sorted() == Array(0...300))
    }

    // MARK: Settings

    @Test func settingsThatTheAgentHasAreAskedForAndOthersRefused() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.command(.set(.model("large")))
        run.answer("session/set_config_option", ["configOptions": Self.options(model: "large")])
        run.command(.set(.model("huge")))
        run.command(.set(.effort("high")))
        run.refuse("session/set_config_option", code: -32603, "not now")
        run.command(.set(.mode("yolo")))
        #expect(
            run.takeEvents() == [
                .settingChanged(.model("large")),
                .settingRefused(.model("huge"), reason: "vibe has no huge; it has small, large"),
                .settingRefused(.effort("high"), reason: "not now"), .settingChanged(.mode("yolo")),
            ])
    }

    @Test func plainModesAreSetByTheirOwnMethod() {
        let modes: JSONValue = [
            "currentModeId": "build", "availableModes": [["id": "build"], ["id": "plan"]],
        ]
        var run = Run(
            ACPDialect(
                AgentOpening(directory: "/w"), agent: "opencode", hubModes: ["default", "plan", "yolo"],
                idPrefix: "t"))
        run.answer("initialize", Self.capabilities)
        run.answer("session/new", ["sessionId": "s1", "modes": modes])
        _ = run.takeEvents()
        run.command(.set(.mode("plan")))
        #expect(run.sent.last?["params"] == ["sessionId": "s1", "modeId": "plan"])
        run.answer("session/set_mode", [:])
        run.command(.set(.mode("yolo")))
        #expect(run.sent.last?["params"] == ["sessionId": "s1", "modeId": "build"])
        run.answer("session/set_mode", [:])
        run.receive(Self.update("current_mode_update", ["currentModeId": "plan"]))
        run.receive(Self.update("current_mode_update", ["modeId": "build"]))
        #expect(
            run.takeEvents() == [
                .settingChanged(.mode("plan")), .settingChanged(.mode("yolo")),
                .settingChanged(.mode("plan")),
                .settingChanged(.mode("default")),
            ])
    }

    /// Mistral Vibe's own words.
    static let ownWords: JSONValue = [
        "sessionId": "s1",
        "configOptions": [
            select("mode", "mode", "accept-edits", ["ask", "accept-edits", "auto-approve"]),
            select("thinking", "thinking", "off", ["off", "high"]),
        ],
    ]

    static let spelled: [(String, String?)] = [
        ("read-only", "ask"), ("acceptEdits", nil), ("yolo", nil), ("default", nil),
    ]

    @Test(arguments: spelled) func aModeIsSetUnderTheAgentsOwnWordForIt(mode: String, value: String?) {
        var run = Self.begun(AgentOpening(directory: "/w"), Self.ownWords)
        _ = run.takeSent()
        run.command(.set(.mode(mode)))
        #expect(run.sent.compactMap { $0["params"]?["value"]?.string } == (value.map { [$0] } ?? []))
        if value != nil { run.answer("session/set_config_option", [:]) }
        run.command(.set(.effort("high")))
        #expect(run.sent.last?["params"]?["configId"] == "thinking")
    }

    @Test func planningIsRefusedForAnAgentThatCannot() {
        var run = Self.begun(AgentOpening(directory: "/w"), Self.ownWords)
        _ = run.takeEvents()
        let reason = "vibe has no mode plan; it has ask, accept-edits, auto-approve"
        run.command(.set(.mode("plan")))
        #expect(run.takeEvents() == [.settingRefused(.mode("plan"), reason: reason)])
        var opening = AgentOpening(directory: "/w")
        opening.mode = "plan"
        let events = Self.begun(opening, Self.ownWords).events
        #expect(events.contains(.settingRefused(.mode("plan"), reason: reason)))
        #expect(events.contains(.settingChanged(.mode("default"))))
    }

    @Test func aModelOfAnAgentWithoutOptionsIsSetByTheOlderMethod() {
        var run = Self.begun(AgentOpening(directory: "/w"), ["sessionId": "s1"])
        _ = run.takeEvents()
        run.command(.set(.model("m")))
        run.refuse("session/set_model", code: -32601, "Method not found")
        #expect(run.takeEvents() == [.settingRefused(.model("m"), reason: "Method not found")])
    }

    @Test func whatTheAgentChangesItselfIsTold() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.receive(
            Self.update("config_option_update", ["configOptions": Self.options(mode: "plan", model: "large")])
        )
        let events = run.takeEvents()
        #expect(events.contains(.settingChanged(.model("large"))))
        #expect(events.contains(.noticed(.message("vibe is now in its mode PLAN"))))
    }

    // MARK: The unknown

    static let noise: [JSONValue] = [
        .null, 7, "text", [], [:], ["id": 1], ["method": 7], ["id": 99, "result": [:]],
        ["id": "x", "error": "boom"],
        ["method": "_nobody/knows", "params": ["a": 1]], ["method": "session/update"],
        ["method": "session/update", "params": ["update": .null]], update("nobody_knows"),
        update("tool_call"),
        update("agent_message_chunk"), update("plan", ["entries": "none"]), update("usage_update"),
        update("agent_message_chunk", ["content": ["type": "text", "text": "not ours"]], session: "another"),
        update("available_commands_update", ["availableCommands": [7]]), update("current_mode_update"),
        ["method": "$/cancel_request", "params": ["requestId": 12]], ["id": .null, "method": "x"],
    ]

    @Test(arguments: noise) func noiseChangesNothing(line: JSONValue) {
        var run = Self.begun()
        _ = run.takeEvents()
        _ = run.takeSent()
        run.receive(line)
        let events = run.takeEvents().filter { $0 != .plan([]) && $0 != .commandsAvailable([]) }
        #expect(events.isEmpty && run.takeSent().isEmpty && run.gaveUp == nil)
    }

    @Test(arguments: ["fs/read_text_file", "terminal/create", "elicitation/create", "nobody/knows"])
    func whatIsNotOfferedIsAnsweredSo(method: String) {
        var run = Self.begun()
        run.receive(["id": "a", "method": .string(method), "params": [:]])
        #expect(run.sent.last?["id"] == "a")
        #expect(run.sent.last?["error"]?["code"] == -32601)
    }

    @Test func aModelThatDoesNotAnswerIsSaidOnceInATurn() {
        var run = Self.inTurn()
        let retrying: JSONValue = [
            "method": "_session/retrying", "params": ["category": "server", "detail": "busy"],
        ]
        run.receive(retrying, retrying)
        #expect(
            run.takeEvents() == [
                .noticed(.message("The model does not answer; vibe tries again (server: busy)"))
            ])
    }
}
