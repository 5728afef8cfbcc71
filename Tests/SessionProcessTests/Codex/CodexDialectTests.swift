import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct CodexDialectTests {
    typealias Run = DialectRun<CodexDialect>

    static func begun(_ opening: AgentOpening = AgentOpening(directory: "/w")) -> Run {
        var run = Run(CodexDialect(opening, idPrefix: "t"))
        run.answer("initialize", [:])
        run.answer("thread/start", ["thread": ["id": "th"], "model": "base", "reasoningEffort": "medium"])
        return run
    }

    static func inTurn(_ text: String = "hello") -> Run {
        var run = begun()
        run.command(.prompt(Prompt(id: "p1", text: text)))
        run.answer("turn/start", ["turn": ["id": "tu"]])
        _ = run.takeEvents()
        return run
    }

    static func note(_ method: String, _ members: [String: JSONValue], thread: String = "th") -> JSONValue {
        let own: [String: JSONValue] = ["threadId": .string(thread), "turnId": "tu"]
        return ["method": .string(method), "params": .object(own.merging(members) { _, new in new })]
    }

    static func item(_ phase: String, _ item: JSONValue) -> JSONValue {
        note("item/" + phase, ["item": item])
    }

    static func ended(_ status: String, error: JSONValue = .null) -> JSONValue {
        note("turn/completed", ["turn": ["id": "tu", "status": .string(status), "error": error]])
    }

    // MARK: Opening

    @Test func aThreadIsStartedInTheModeAskedFor() {
        var opening = AgentOpening(directory: "/w")
        (opening.mode, opening.model) = ("read-only", "m")
        var run = Run(CodexDialect(opening))
        run.answer("initialize", [:])
        #expect(run.sent[1] == ["jsonrpc": "2.0", "method": "initialized", "params": [:]])
        #expect(
            run.sent[2]["params"] == [
                "approvalPolicy": "never", "sandbox": "read-only", "cwd": "/w", "model": "m",
            ])
        run.answer("thread/start", ["thread": ["id": "th"], "model": "m"])
        #expect(run.events.first == .identified(nativeID: "th") && run.events.last == .ready)
        #expect(run.alarms.isEmpty)
    }

    @Test func aThreadThatIsGoneGivesWayToANewOne() {
        var run = Run(CodexDialect(AgentOpening(directory: "/w", nativeID: "gone")))
        run.answer("initialize", [:])
        #expect(run.sent.last?["params"]?["threadId"] == "gone")
        #expect(run.sent.last?["params"]?["excludeTurns"] == true)
        run.refuse("thread/resume", code: -32600, "no rollout found")
        run.answer("thread/start", ["thread": ["id": "th"]])
        #expect(
            run.events.prefix(2) == [.resumeFailed(reason: "no rollout found"), .identified(nativeID: "th")])
    }

    @Test func anAgentThatDoesNotBeginIsGivenUp() {
        var run = Run(CodexDialect(AgentOpening(directory: "/w")))
        run.ring("opening")
        #expect(run.gaveUp == "codex did not answer within 60 s")
    }

    // MARK: Turns

    @Test func aTurnIsBegunOnceWhicheverWayItIsTold() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.command(.prompt(Prompt(id: "p1", text: "hello")))
        run.receive(Self.note("turn/started", ["turn": ["id": "tu"]]))
        run.answer("turn/start", ["turn": ["id": "tu"]])
        #expect(run.takeEvents() == [.promptStarted(id: "p1")])
        run.receive(
            Self.item("started", ["type": "userMessage", "id": "u"]),
            Self.item("started", ["type": "agentMessage", "id": "m", "text": ""]),
            Self.note("item/agentMessage/delta", ["itemId": "m", "delta": "Hel"]),
            Self.item("completed", ["type": "agentMessage", "id": "m", "text": "Hello"]),
            Self.ended("completed"))
        #expect(
            run.takeEvents() == [
                .said(Passage(id: "t-1", extent: .chunk, text: "Hel")),
                .said(Passage(id: "t-1", extent: .chunk, text: "lo")),
                .turnEnded(TurnEnd(.completed)),
            ])
    }

    static let ends: [(JSONValue, TurnEnd.Outcome)] = [
        (ended("completed"), .completed), (ended("interrupted"), .interrupted),
        (ended("failed", error: ["message": "no model"]), .failed("no model")),
        (ended("failed", error: ["message": #"{"error":{"message":"busy"}}"#]), .failed("busy")),
        (ended("failed"), .failed("the turn failed")),
    ]

    @Test(arguments: ends) func aTurnEndsAsItSays(end: JSONValue, outcome: TurnEnd.Outcome) {
        var run = Self.inTurn()
        run.receive(Self.note("turn/completed", ["turn": ["id": "another"]]))
        run.receive(end, end)
        #expect(run.takeEvents() == [.turnEnded(TurnEnd(outcome))])
    }

    @Test func anErrorIsToldOnce() {
        var run = Self.inTurn()
        run.receive(Self.note("error", ["error": ["message": "reconnecting"], "willRetry": true]))
        run.receive(
            Self.note("error", ["error": ["message": "away"], "willRetry": false]), Self.ended("failed"))
        #expect(
            run.takeEvents() == [.noticed(.message("reconnecting")), .turnEnded(TurnEnd(.failed("away")))])
    }

    @Test func aTurnThatCannotBeginEndsInWords() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.command(.prompt(Prompt(id: "p", text: "x")))
        run.refuse("turn/start", code: -32600, "no")
        #expect(run.takeEvents() == [.promptStarted(id: "p"), .turnEnded(TurnEnd(.failed("no")))])
    }

    @Test func reasoningIsToldByItsSummary() {
        var run = Self.inTurn()
        run.receive(
            Self.note("item/reasoning/summaryTextDelta", ["itemId": "r", "delta": "one"]),
            Self.note("item/reasoning/textDelta", ["itemId": "r", "delta": "raw"]),
            Self.note("item/reasoning/summaryPartAdded", ["itemId": "r"]),
            Self.note("item/reasoning/summaryTextDelta", ["itemId": "r", "delta": "two"]),
            Self.item(
                "completed", ["type": "reasoning", "id": "r", "summary": ["one", "two"], "content": ["raw"]]),
            Self.item("completed", ["type": "reasoning", "id": "r2", "summary": [], "content": ["thought"]]))
        let texts = run.takeEvents().compactMap { if case .said(let said) = $0 { said.text } else { nil } }
        #expect(texts == ["one", "\n\n", "two", "thought"])
    }

    // MARK: Steering, interrupting, compacting, clearing

    @Test func aMessageJoinsTheRunningTurn() {
        var run = Self.inTurn()
        run.command(.steer(Prompt(id: "p2", text: "also")))
        #expect(run.sent.last?["params"]?["expectedTurnId"] == "tu")
        run.answer("turn/steer", ["turnId": "tu"])
        #expect(run.takeEvents() == [.promptStarted(id: "p2")])
    }

    @Test func aMessageThatComesTooLateToJoinHasATurnOfItsOwn() {
        var run = Self.inTurn()
        run.command(.steer(Prompt(id: "p2", text: "also")))
        run.refuse("turn/steer", code: -32600, "no active turn")
        #expect(run.takeEvents().isEmpty)
        run.receive(Self.ended("completed"))
        #expect(run.sent.last?["method"] == "turn/start")
        run.answer("turn/start", ["turn": ["id": "t2"]])
        #expect(run.takeEvents() == [.turnEnded(TurnEnd(.completed)), .promptStarted(id: "p2")])
    }

    @Test func anInterruptBeforeTheTurnHasBegunIsNotLost() {
        var run = Self.begun()
        run.command(.prompt(Prompt(id: "p", text: "x")))
        run.command(.interrupt)
        #expect(!run.sent.contains { $0["method"] == "turn/interrupt" })
        run.answer("turn/start", ["turn": ["id": "tu"]])
        #expect(run.sent.last?["params"] == ["threadId": "th", "turnId": "tu"])
        run.command(.interrupt)
        #expect(run.sent.filter { $0["method"] == "turn/interrupt" }.count == 1)
    }

    @Test func compactingIsATurn() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.command(.prompt(Prompt(id: "p", text: "/compact now")))
        run.answer("thread/compact/start", [:])
        run.receive(
            Self.note("turn/started", ["turn": ["id": "tu"]]),
            Self.item("completed", ["type": "contextCompaction", "id": "c"]), Self.ended("completed"))
        #expect(
            run.takeEvents() == [
                .promptStarted(id: "p"), .noticed(.compacted(trigger: "manual", tokensBefore: 0)),
                .turnEnded(TurnEnd(.completed)),
            ])
    }

    @Test func clearingBeginsANewThread() {
        var run = Self.begun()
        _ = run.takeEvents()
        run.command(.prompt(Prompt(id: "p", text: "/clear")))
        run.answer("thread/start", ["thread": ["id": "new"]])
        #expect(
            run.takeEvents() == [
                .promptStarted(id: "p"), .noticed(.cleared), .identified(nativeID: "new"),
                .turnEnded(TurnEnd(.completed)),
            ])
        run.command(.prompt(Prompt(id: "p2", text: "hello")))
        #expect(run.sent.last?["params"]?["threadId"] == "new")
    }

    // MARK: Settings

    @Test func eachTurnIsRunAsItWasLastSet() {
        var run = Self.begun()
        run.command(.set(.mode("yolo")))
        run.command(.set(.model("large")))
        run.command(.set(.effort("high")))
        run.command(.prompt(Prompt(id: "p", text: "x")))
        let first = run.sent.last?["params"]
        #expect(
            first?["approvalPolicy"] == "never" && first?["sandboxPolicy"] == ["type": "dangerFullAccess"])
        #expect(first?["model"] == "large" && first?["effort"] == "high")
        run.answer("turn/start", ["turn": ["id": "tu"]])
        run.receive(Self.ended("completed"))
        run.command(.set(.model(nil)))
        run.command(.set(.effort(nil)))
        run.command(.prompt(Prompt(id: "p2", text: "x")))
        #expect(
            run.sent.last?["params"]?["model"] == "base" && run.sent.last?["params"]?["effort"] == "medium")
    }

    @Test func attachmentsArePicturesOrNames() {
        var run = Self.begun()
        run.command(
            .prompt(
                Prompt(
                    id: "p", text: "look",
                    attachments: [
                        Attachment(path: "/a.png", filename: "a.png", mimeType: "image/png"),
                        Attachment(path: "/b.pdf", filename: "b.pdf", mimeType: "application/pdf"),
                    ])))
        #expect(
            run.sent.last?["params"]?["input"] == [
                ["type": "text", "text": "@/b.pdf\n\nlook"], ["type": "localImage", "path": "/a.png"],
            ])
    }

    // MARK: Items

    static let items: [(JSONValue, String, JSONValue, JSONValue, Bool)] = [
        (
            [
                "type": "commandExecution", "command": "ls", "cwd": "/w", "status": "completed",
                "aggregatedOutput": "a\n", "exitCode": 0,
            ],
            "CodexBash", ["command": "ls", "cwd": "/w"], ["stdout": "a\n", "exit_code": 0], false
        ),
        (
            [
                "type": "commandExecution", "command": "ls", "status": "failed", "aggregatedOutput": "no",
                "exitCode": 2,
            ],
            "CodexBash", ["command": "ls"], ["stdout": "no", "exit_code": 2], true
        ),
        (
            [
                "type": "commandExecution", "command": "ls", "status": "declined", "aggregatedOutput": .null,
                "exitCode": .null,
            ],
            "CodexBash", ["command": "ls"], ["stdout": "Not run: refused"], true
        ),
        (
            [
                "type": "fileChange", "status": "completed",
                "changes": [
                    ["path": "/a", "kind": ["type": "add"], "diff": "x"],
                    ["path": "/a", "kind": ["type": "add"], "diff": "y"],
                ],
            ],
            "CodexPatch", ["changes": ["/a": ["kind": ["type": "add"], "diff": "x\ny"]]],
            ["stdout": "", "success": true], false
        ),
        (
            [
                "type": "mcpToolCall", "server": "s", "tool": "t", "arguments": ["a": 1],
                "status": "completed", "result": ["content": [["type": "text", "text": "r"]]],
            ],
            "mcp__s__t", ["a": 1], "r", false
        ),
        (
            [
                "type": "mcpToolCall", "server": "s", "tool": "t", "status": "failed",
                "error": ["message": "gone"],
            ],
            "mcp__s__t", [:], "gone", true
        ),
        (["type": "webSearch", "query": "swift"], "WebSearch", ["query": "swift"], "", false),
        (["type": "imageView", "path": "/a.png"], "Read", ["file_path": "/a.png"], "", false),
    ]

    @Test(arguments: items)
    func anItemIsACard(item: JSONValue, name: String, input: JSONValue, output: JSONValue, isError: Bool) {
        var run = Self.inTurn()
        var members = item.object ?? [:]
        members["id"] = "i"
        run.receive(Self.item("started", .object(members)), Self.item("completed", .object(members)))
        run.receive(Self.item("completed", .object(members)))
        let events = run.takeEvents()
        #expect(
            events.first
                == .tool(ToolCall(id: "i", name: name, input: input, nativeKind: item["type"]?.string)))
        #expect(events.last == .toolEnded(ToolResult(id: "i", output: output, isError: isError)))
        #expect(events.count == 2)
    }

    @Test func thePlanReplacesTheFormer() {
        var run = Self.inTurn()
        run.receive(
            Self.note(
                "turn/plan/updated",
                ["plan": [["step": "a", "status": "completed"], ["step": "b", "status": "inProgress"]]]))
        #expect(
            run.takeEvents() == [
                .plan([
                    PlanEntry(content: "a", status: "completed"),
                    PlanEntry(content: "b", status: "in_progress"),
                ])
            ])
    }

    @Test func usageIsOfTheLastRequestAndOfTheWhole() {
        var run = Self.inTurn()
        let share: JSONValue = [
            "totalTokens": 142, "inputTokens": 100, "cachedInputTokens": 20, "outputTokens": 42,
        ]
        run.receive(
            Self.note(
                "thread/tokenUsage/updated",
                ["tokenUsage": ["total": share, "last": share, "modelContextWindow": 1000]]))
        #expect(
            run.takeEvents() == [
                .usage(
                    TokenUsage(
                        model: "base", input: 100, output: 42, cachedInput: 20, contextTokens: 142,
                        contextWindow: 1000))
            ])
    }

    // MARK: Questions

    static let command = note(
        "item/commandExecution/requestApproval",
        ["itemId": "i", "command": "touch a", "cwd": "/w", "reason": "May I?"])
    static let decisions: [(PermissionAnswer.Decision, JSONValue)] = [
        (.approved, "accept"), (.approvedForSession, "acceptForSession"), (.denied, "decline"),
        (.abort, "cancel"),
    ]

    static func asking(_ note: JSONValue, _ id: JSONValue = 0) -> JSONValue {
        var members = note.object ?? [:]
        members["id"] = id
        return .object(members)
    }

    @Test(arguments: decisions) func aCommandIsAskedForWithItsReason(
        decision: PermissionAnswer.Decision, word: JSONValue
    ) {
        var run = Self.inTurn()
        run.receive(Self.asking(Self.command))
        let call = ToolCall(
            id: "i", name: "CodexBash", input: ["command": "touch a", "cwd": "/w", "message": "May I?"])
        #expect(run.takeEvents() == [.permissionRequested(PermissionRequest(id: "0", tool: call))])
        run.command(.answer(request: "0", PermissionAnswer(decision)))
        #expect(run.sent.last == ["jsonrpc": "2.0", "id": 0, "result": ["decision": word]])
    }

    @Test func aFileChangeIsAskedForWithItsDiff() {
        var run = Self.inTurn()
        run.receive(
            Self.item(
                "started",
                [
                    "type": "fileChange", "id": "i", "changes": [["path": "/a", "diff": "d"]],
                    "status": "inProgress",
                ]))
        run.receive(Self.asking(Self.note("item/fileChange/requestApproval", ["itemId": "i"]), "x"))
        guard case .permissionRequested(let request) = run.takeEvents().last else {
            Issue.record("nothing was asked")
            return
        }
        #expect(request.tool.input == ["changes": ["/a": ["diff": "d"]]])
    }

    @Test func questionsAreAnsweredByTheirIDs() {
        var run = Self.inTurn()
        let questions: JSONValue = [["id": "q1", "header": "h", "question": "Which?", "options": .null]]
        run.receive(
            Self.asking(Self.note("item/tool/requestUserInput", ["itemId": "i", "questions": questions])))
        guard case .permissionRequested(let request) = run.takeEvents().last else {
            Issue.record("nothing was asked")
            return
        }
        #expect(request.kind == .question && request.tool.name == "request_user_input")
        run.command(.answer(request: request.id, PermissionAnswer(.approved, answers: ["q1": ["Blue"]])))
        #expect(run.sent.last?["result"] == ["answers": ["q1": ["answers": ["Blue"]]]])
        #expect(run.takeEvents() == [.toolEnded(ToolResult(id: "i", output: "Blue"))])
    }

    @Test func permissionsAreGivenAsAskedForOrNotAtAll() {
        let wanted: JSONValue = ["network": ["enabled": true]]
        for (decision, permissions, scope) in [
            (PermissionAnswer.Decision.approved, wanted, "turn"), (.approvedForSession, wanted, "session"),
            (.denied, [:], "turn"),
        ] {
            var run = Self.inTurn()
            run.receive(
                Self.asking(
                    Self.note("item/permissions/requestApproval", ["itemId": "i", "permissions": wanted])))
            run.command(.answer(request: "0", PermissionAnswer(decision)))
            #expect(run.sent.last?["result"] == ["permissions": permissions, "scope": .string(scope)])
        }
    }

    @Test func aFormIsAQuestionForEachField() {
        var run = Self.inTurn()
        let schema: JSONValue = [
            "properties": [
                "age": ["type": "integer"], "ok": ["type": "boolean"],
                "name": ["type": "string", "title": "Your name"],
            ]
        ]
        run.receive(
            Self.asking(
                Self.note(
                    "mcpServer/elicitation/request",
                    ["message": "Who?", "mode": "form", "requestedSchema": schema])))
        run.command(
            .answer(
                request: "0",
                PermissionAnswer(.approved, answers: ["age": ["7"], "ok": ["Yes"], "name": ["A"]])))
        #expect(
            run.sent.last?["result"] == ["action": "accept", "content": ["age": 7, "ok": true, "name": "A"]])
    }

    @Test func aQuestionResolvedElsewhereIsWithdrawn() {
        var run = Self.inTurn()
        run.receive(Self.asking(Self.command))
        _ = run.takeEvents()
        run.receive(
            Self.note("serverRequest/resolved", ["requestId": 0]),
            Self.note("serverRequest/resolved", ["requestId": 0]))
        #expect(run.takeEvents() == [.permissionWithdrawn(id: "0")])
    }

    @Test func noQuestionIsLeftWithoutAnAnswer() {
        var run = Self.inTurn()
        for number in Int64(0)..<300 {
            run.receive(
                Self.asking(
                    Self.note("item/fileChange/requestApproval", ["itemId": .string("i\(number % 150)")]),
                    .integer(number)))
        }
        run.receive(Self.ended("completed"))
        run.receive(Self.asking(Self.command, 300))
        let answered = run.sent.compactMap { $0["result"]?["decision"] == nil ? nil : $0["id"]?.integer }
        #expect(answered.sorted() == Array(0...300))
    }

    // MARK: The unknown

    static let noise: [JSONValue] = [
        .null, 7, [], [:], ["id": 1], ["id": 99, "result": [:]], ["method": "nobody/knows"],
        ["method": "item/started", "params": ["item": 7]],
        ["method": "turn/completed", "params": []], item("started", ["type": "nobodyKnows", "id": "x"]),
        item("completed", [:]),
        note("turn/completed", ["turn": ["id": "tu", "status": "completed"]]),
        note("warning", ["message": "w"]),
        note("item/agentMessage/delta", ["itemId": "m", "delta": "not ours"], thread: "another"),
        item("started", ["type": "commandExecution", "id": "late", "command": "x"]),
    ]

    @Test(arguments: noise) func noiseChangesNothing(line: JSONValue) {
        var run = Self.begun()
        _ = run.takeEvents()
        _ = run.takeSent()
        run.receive(line)
        #expect(run.takeEvents().isEmpty && run.takeSent().isEmpty && run.gaveUp == nil)
    }

    static let endsOfNothing: [JSONValue] = [
        ["method": "turn/completed", "params": []], ["method": "turn/completed"],
        note("turn/completed", ["turn": .null]), note("turn/completed", ["turn": ["status": "completed"]]),
        note("turn/completed", ["turn": ["id": "another"]]),
        note("turn/completed", ["turn": ["id": "tu"]], thread: "another"),
    ]

    @Test(arguments: endsOfNothing) func theEndOfNoTurnEndsNone(line: JSONValue) {
        var run = Self.inTurn()
        run.receive(line)
        #expect(run.takeEvents().isEmpty)
        run.receive(Self.ended("completed"))
        #expect(run.takeEvents() == [.turnEnded(TurnEnd(.completed))])
    }

    @Test(arguments: ["execCommandApproval", "item/tool/call", "nobody/knows"])
    func whatIsNotOfferedIsAnsweredSo(method: String) {
        var run = Self.inTurn()
        run.receive(["id": "a", "method": .string(method), "params": [:]])
        #expect(run.sent.last?["error"]?["code"] == -32601)
    }
}
