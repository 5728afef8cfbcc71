import HubProtocol
import Testing

@testable import SessionProcess

/// Claude's lines, in the shapes of a real transcript.
@Suite struct ClaudeDialectTests {
    private static func started(_ mode: String? = nil) -> ClaudeDialect {
        var opening = AgentOpening(directory: "/work")
        opening.mode = mode
        var dialect = ClaudeDialect(opening)
        _ = dialect.open()
        _ = dialect.received([
            "type": "control_response", "response": ["subtype": "success", "request_id": "hapi-1"],
        ])
        return dialect
    }

    private static func success(_ id: String) -> JSONValue {
        [
            "type": "control_response",
            "response": ["subtype": "success", "request_id": .string(id), "response": [:]],
        ]
    }

    private static func assistant(_ block: JSONValue, parent: JSONValue = .null) -> JSONValue {
        [
            "type": "assistant", "uuid": "u1", "parent_tool_use_id": parent,
            "message": [
                "id": "m1", "model": "opus", "content": [block],
                "usage": ["input_tokens": 100, "output_tokens": 1, "cache_read_input_tokens": 20],
            ],
        ]
    }

    private static func events(_ steps: [AgentStep]) -> [AgentEvent] {
        steps.compactMap { if case .event(let event) = $0 { event } else { nil } }
    }

    private static func sent(_ steps: [AgentStep]) -> [JSONValue] {
        steps.compactMap { if case .send(let line) = $0 { line } else { nil } }
    }

    @Test func itStartsWithWhatAConversationNeeds() {
        var opening = AgentOpening(directory: "/work", nativeID: "n1")
        (opening.mode, opening.model, opening.forks) = ("bypassPermissions", "opus", true)
        let words = AgentTable.claude.arguments(opening)
        #expect(words.contains(["--permission-prompt-tool", "stdio"]) && words.contains("--verbose"))
        #expect(words.contains(["--permission-mode", "default", "--model", "opus"]))
        #expect(words.suffix(3) == ["--resume", "n1", "--fork-session"])
    }

    @Test func itIsReadyWhenInitializedOrSilentForTooLong() {
        var dialect = ClaudeDialect(AgentOpening(directory: "/work"))
        #expect(Self.sent(dialect.open()).first?["request"]?["subtype"]?.string == "initialize")
        let answer: JSONValue = [
            "type": "control_response",
            "response": [
                "subtype": "success", "request_id": "hapi-1",
                "response": [
                    "commands": [["name": "compact", "description": "Compacts", "builtin": true]],
                    "models": [["value": "default", "displayName": "Default"]],
                ],
            ],
        ]
        let events = Self.events(dialect.received(answer))
        #expect(events.last == .ready && events.count == 3)
        var deaf = ClaudeDialect(AgentOpening(directory: "/work"))
        _ = deaf.open()
        #expect(Self.events(deaf.alarmRang("initialize")) == [.ready])
    }

    @Test func aPromptBeginsWhenItsLifecycleSaysSo() {
        var dialect = Self.started()
        let line = Self.sent(dialect.command(.prompt(Prompt(id: "p", text: "hi")))).first
        #expect(line?["uuid"] == "p" && line?["priority"] == "later" && line?["message"]?["content"] == "hi")
        #expect(
            dialect.received(["type": "command_lifecycle", "command_uuid": "p", "state": "queued"]).isEmpty)
        let started = dialect.received(["type": "command_lifecycle", "command_uuid": "p", "state": "started"])
        #expect(Self.events(started) == [.promptStarted(id: "p")])
        let begun = dialect.received(["type": "system", "subtype": "init", "session_id": "n1"])
        #expect(Self.events(begun) == [.identified(nativeID: "n1")])
    }

    @Test func withoutALifecycleThePromptBeginsWithItsTurn() {
        var dialect = Self.started()
        _ = dialect.command(.prompt(Prompt(id: "p", text: "hi")))
        let begun = dialect.received(["type": "system", "subtype": "init", "session_id": "n1"])
        #expect(Self.events(begun) == [.identified(nativeID: "n1"), .promptStarted(id: "p")])
        _ = dialect.received(["type": "result"])
        let own = dialect.received(["type": "system", "subtype": "init", "session_id": "n1"])
        #expect(Self.events(own).last == .turnBegan)
    }

    @Test func filesAreNamedBeforeTheText() {
        var dialect = Self.started()
        let files = [
            Attachment(path: "/up/a.pdf", filename: "a.pdf", mimeType: "application/pdf"),
            // One that cannot be read is for Claude to find out about.
            Attachment(path: "/up/gone.png", filename: "gone.png", mimeType: "image/png"),
        ]
        let line = Self.sent(dialect.command(.prompt(Prompt(id: "p", text: "see", attachments: files))))
            .first
        #expect(line?["message"]?["content"] == "@/up/a.pdf @/up/gone.png\n\nsee")
    }

    @Test func picturesGoAlong() {
        var dialect = ClaudeDialect(AgentOpening(directory: "/w")) { $0 == "/up/a.png" ? [1, 2, 3] : nil }
        let file = Attachment(path: "/up/a.png", filename: "a.png", mimeType: "image/png")
        let line = Self.sent(dialect.command(.prompt(Prompt(id: "p", text: "see", attachments: [file]))))
            .first
        let source: JSONValue = ["type": "base64", "media_type": "image/png", "data": "AQID"]
        #expect(
            line?["message"]?["content"]
                == [["type": "image", "source": source], ["type": "text", "text": "see"]])
        let alone = Self.sent(dialect.command(.prompt(Prompt(id: "q", text: "", attachments: [file]))))
        #expect(alone.first?["message"]?["content"]?.array?.count == 1)
    }

    @Test func whatEndsInTheBackgroundIsTold() {
        var dialect = Self.started()
        let ended: JSONValue = [
            "type": "system", "subtype": "task_notification", "task_id": "b1", "summary": "make is done",
        ]
        // A subagent's end is on its card.
        #expect(dialect.received(ended).isEmpty)
        let result: JSONValue = [
            "type": "user", "tool_use_result": ["backgroundTaskId": "b1"],
            "message": [
                "content": [["type": "tool_result", "tool_use_id": "t1", "content": "in background"]]
            ],
        ]
        _ = dialect.received(result)
        #expect(
            Self.events(dialect.received(ended)) == [.backgroundEnded(id: "b1", summary: "make is done")])
        #expect(dialect.received(ended).isEmpty)
    }

    @Test func skillsAreOffered() {
        var dialect = Self.started()
        let begun = dialect.received(["type": "system", "subtype": "init", "skills": ["verify", 1]])
        #expect(Self.events(begun).contains(.skillsAvailable(["verify"])))
    }

    @Test(arguments: ["1e300", "-1e300", "0.93", "93"]) func absurdNumbersHarmNobody(number: String) throws {
        var dialect = Self.started()
        let limit = try JSONValue(
            parsing: Array(
                #"{"type":"rate_limit_event","rate_limit_info":{"status":"warning","utilization":\#(number)}}"#
                    .utf8))
        guard case .said(let passage)? = Self.events(dialect.received(limit)).first else {
            Issue.record("nothing was said")
            return
        }
        let percent = passage.text.split(separator: "|").dropFirst(2).first
        #expect(["1000", "0", "93"].contains(percent), "\(passage.text)")
        let usage: JSONValue = [
            "input_tokens": .integer(.max), "cache_read_input_tokens": .integer(.max), "output_tokens": 1,
        ]
        let line: JSONValue = [
            "type": "assistant", "message": ["content": [["type": "text", "text": "x"]], "usage": usage],
        ]
        #expect(Self.events(dialect.received(line)).count == 1)
    }

    @Test func aFloodOfRequestsIsRefused() {
        var dialect = Self.started()
        var steps: [AgentStep] = []
        for number in 0...ClaudeDialect.openRequests {
            steps = dialect.received([
                "type": "control_request", "request_id": .string("r\(number)"),
                "request": ["subtype": "can_use_tool", "tool_name": "Bash"],
            ])
        }
        #expect(Self.events(steps).isEmpty)
        let answer = Self.sent(steps).first?["response"]?["response"]
        #expect(answer?["behavior"] == "deny")
    }

    @Test func blocksAreTextThoughtsAndCards() {
        var dialect = Self.started()
        let text = Self.events(dialect.received(Self.assistant(["type": "text", "text": "hello"])))
        #expect(text.last == .said(Passage(id: "u1", text: "hello")))
        guard case .usage(let usage)? = text.first else {
            Issue.record("\(text)")
            return
        }
        #expect(usage.contextTokens == 120 && usage.model == "opus")
        let tool = Self.assistant(
            [
                "type": "tool_use", "id": "t1", "name": "Bash",
                "input": ["command": "ls", "description": "List"],
            ])
        let call = ToolCall(
            id: "t1", name: "Bash", input: ["command": "ls", "description": "List"], description: "List")
        #expect(Self.events(dialect.received(tool)).last == .tool(call))
        let inside = dialect.received(Self.assistant(["type": "text", "text": "sub"], parent: "t1"))
        #expect(Self.events(inside) == [.said(Passage(id: "u1", text: "sub", parent: "t1"))])
    }

    @Test func aResultClosesItsCardAndEchoesAreDropped() {
        var dialect = Self.started()
        let block: JSONValue = [
            "type": "tool_result", "tool_use_id": "t1", "content": "made", "is_error": false,
        ]
        let result: JSONValue = [
            "type": "user", "message": ["content": [block]], "tool_use_result": ["stdout": "made"],
        ]
        let closed = ToolResult(id: "t1", output: "made", structured: ["stdout": "made"])
        #expect(Self.events(dialect.received(result)) == [.toolEnded(closed)])
        for echo: JSONValue in [
            ["type": "user", "isReplay": true, "message": ["content": [block]]],
            [
                "type": "user",
                "message": ["content": [["type": "text", "text": "[Request interrupted by user]"]]],
            ],
            ["type": "user", "message": ["content": "<local-command-stdout>x</local-command-stdout>"]],
        ] { #expect(dialect.received(echo).isEmpty) }
    }

    private static let ends: [(JSONValue, TurnEnd.Outcome)] = [
        (["type": "result", "duration_ms": 5], .completed),
        (["type": "result", "is_error": true, "terminal_reason": "aborted_tools"], .interrupted),
        (["type": "result", "is_error": true, "errors": ["too many turns"]], .failed("too many turns")),
    ]

    @Test(arguments: ends)
    func aTurnEnds(_ line: JSONValue, _ outcome: TurnEnd.Outcome) {
        var dialect = Self.started()
        guard case .turnEnded(let end)? = Self.events(dialect.received(line)).last else {
            Issue.record("no end")
            return
        }
        #expect(end.outcome == outcome)
    }

    @Test func anErrorThatWasSaidIsNotSaidAgain() {
        var dialect = Self.started()
        var line = Self.assistant(["type": "text", "text": "API Error: 400"]).object ?? [:]
        line["error"] = "invalid_request"
        _ = dialect.received(.object(line))
        let end = Self.events(
            dialect.received(["type": "result", "is_error": true, "result": "API Error: 400"]))
        guard case .turnEnded(let end)? = end.last else { return #expect(Bool(false)) }
        #expect(end.outcome == .failed(nil))
    }

    @Test func aConversationThatIsLostIsNoTurn() {
        var dialect = Self.started()
        let lost: JSONValue = [
            "type": "result", "is_error": true, "errors": ["No conversation found with ID x"],
        ]
        #expect(
            Self.events(dialect.received(lost)) == [.resumeFailed(reason: "No conversation found with ID x")])
    }

    // MARK: Permissions

    private static func asked(_ dialect: inout ClaudeDialect, _ tool: String, _ input: JSONValue)
        -> [AgentEvent]
    {
        events(
            dialect.received([
                "type": "control_request", "request_id": "r1",
                "request": [
                    "subtype": "can_use_tool", "tool_name": .string(tool), "input": input,
                    "tool_use_id": "t1",
                ],
            ]))
    }

    private static func response(_ steps: [AgentStep]) -> JSONValue? {
        sent(steps).first?["response"]?["response"]
    }

    @Test func aPermissionIsNamedByItsCardAndAnswered() {
        var dialect = Self.started()
        let events = Self.asked(&dialect, "Bash", ["command": "make"])
        #expect(events == [.permissionRequested(PermissionRequest(id: "r1", tool: bash("t1")))])
        let answer = PermissionAnswer(.approvedForSession, allowedTools: ["Bash(make)", "Read"])
        let response = Self.response(dialect.command(.answer(request: "r1", answer)))
        #expect(response?["behavior"] == "allow" && response?["updatedInput"] == ["command": "make"])
        let rules = response?["updatedPermissions"]?.array?.first
        #expect(rules?["rules"] == [["toolName": "Bash", "ruleContent": "make"], ["toolName": "Read"]])
        #expect(rules?["destination"] == "session")
        #expect(dialect.command(.answer(request: "r1", answer)).isEmpty)
    }

    @Test func aDenialIsHeardByTheModel() {
        var dialect = Self.started()
        _ = Self.asked(&dialect, "Bash", ["command": "make"])
        let denied = PermissionAnswer(.denied, reason: "not now")
        #expect(
            Self.response(dialect.command(.answer(request: "r1", denied)))
                == ["behavior": "deny", "message": "not now"])
    }

    @Test func answersAreNamedByTheirQuestions() {
        var dialect = Self.started()
        let input: JSONValue = ["questions": [["question": "Which colour?"], ["question": "How?"]]]
        guard case .permissionRequested(let request)? = Self.asked(&dialect, "AskUserQuestion", input).first
        else {
            return #expect(Bool(false))
        }
        #expect(request.kind == .question)
        let answer = PermissionAnswer(.approved, answers: ["0": ["Blue"], "1": ["A", "B"]])
        let response = Self.response(dialect.command(.answer(request: "r1", answer)))
        #expect(response?["updatedInput"]?["answers"] == ["Which colour?": "Blue", "How?": "A,B"])
    }

    @Test func aPlansApprovalSetsTheModeWithIt() {
        var dialect = Self.started("plan")
        _ = Self.asked(&dialect, "ExitPlanMode", [:])
        let answer = PermissionAnswer(.approved, input: ["plan": "x"], mode: "acceptEdits")
        let response = Self.response(dialect.command(.answer(request: "r1", answer)))
        #expect(response?["updatedPermissions"]?.array?.first?["mode"] == "acceptEdits")
        #expect(response?["updatedInput"] == [:])
    }

    @Test func aRequestThatIsNotKnownIsRefusedAndNotLeftOpen() {
        var dialect = Self.started()
        let steps = dialect.received([
            "type": "control_request", "request_id": "x", "request": ["subtype": "mcp_message"],
        ])
        #expect(Self.sent(steps).first?["response"]?["subtype"] == "error")
    }

    // MARK: Settings

    @Test func aModeIsChangedWhileItRunsAndBypassIsDoneHere() {
        var dialect = Self.started()
        let line = Self.sent(dialect.command(.set(.mode("bypassPermissions")))).first
        #expect(line?["request"]?["mode"] == "default")
        let changed = dialect.received(Self.success("hapi-2"))
        #expect(Self.events(changed) == [.settingChanged(.mode("bypassPermissions"))])
        // Claude's own mode is no news then.
        let status: JSONValue = ["type": "system", "subtype": "status", "permissionMode": "default"]
        #expect(dialect.received(status).isEmpty)
        let own: JSONValue = ["type": "system", "subtype": "status", "permissionMode": "plan"]
        #expect(Self.events(dialect.received(own)) == [.settingChanged(.mode("plan"))])
    }

    @Test func aRefusedSettingSaysWhy() {
        var dialect = Self.started()
        _ = dialect.command(.set(.effort("absurd")))
        let refused = dialect.received([
            "type": "control_response",
            "response": ["subtype": "error", "request_id": "hapi-2", "error": "no such effort"],
        ])
        #expect(Self.events(refused) == [.settingRefused(.effort("absurd"), reason: "no such effort")])
    }

    @Test func whatLaterVersionsSayIsIgnored() {
        var dialect = Self.started()
        for line: JSONValue in [
            ["type": "of the future"], "a string", .null, [], ["type": 5], ["type": "assistant"],
        ] {
            #expect(dialect.received(line).isEmpty)
        }
    }
}

extension [String] {
    fileprivate func contains(_ words: [String]) -> Bool {
        indices.contains { self[$0...].starts(with: words) }
    }
}
