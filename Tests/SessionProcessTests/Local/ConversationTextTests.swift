import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct ConversationTextTests {
    static func codex(_ data: JSONValue) -> JSONValue {
        ["role": "agent", "content": ["type": "codex", "data": data]]
    }
    static func event(_ data: JSONValue) -> JSONValue {
        ["role": "agent", "content": ["id": "e", "type": "event", "data": data]]
    }

    static func lines(_ messages: [JSONValue]) -> [String] {
        var text = ConversationText()
        return messages.flatMap { text.lines(of: $0) } + text.flushed()
    }

    static let conversations: [([JSONValue], [String])] = [
        ([["role": "user", "content": ["type": "text", "text": "one\ntwo"]]], ["> one", "> two"]),
        ([codex(["type": "message", "message": "hi"])], ["hi"]),
        (
            [
                codex(["type": "message", "message": "a\nb", "id": "1", "streamSnapshot": true]),
                codex(["type": "message", "message": "a\nbc\nd", "id": "1", "streamSnapshot": true]),
                codex(["type": "tool-call", "callId": "c", "name": "Bash", "input": ["command": "ls\n-l"]]),
                codex(["type": "tool-call", "callId": "c", "name": "Bash", "input": ["command": "ls\n-l"]]),
                codex(["type": "tool-call-result", "callId": "c", "output": "x\ny", "is_error": false]),
                codex(["type": "tool-call-result", "callId": "c", "output": "again", "is_error": false]),
            ],
            ["a", "bc", "d", "* Bash: ls", "  ok: x (2 lines)"]
        ),
        (
            [
                codex(["type": "message", "message": "gro", "id": "1", "streamSnapshot": true]),
                codex(["type": "message", "message": "grown", "id": "1"]),
                codex(["type": "reasoning", "message": "hm", "id": "2", "live": true]),
            ],
            ["grown", "· hm"]
        ),
        (
            [
                codex([
                    "type": "tool-call", "callId": "c", "name": "CodexPatch",
                    "input": ["changes": ["/a": ["diff": "x"]]],
                ]),
                codex([
                    "type": "tool-call-result", "callId": "c", "output": ["stdout": "", "success": false],
                    "is_error": true,
                ]),
            ],
            ["* CodexPatch: /a", "  failed"]
        ),
        (
            [
                codex([
                    "type": "plan",
                    "entries": [
                        ["content": "a", "status": "completed"], ["content": "b", "status": "pending"],
                    ],
                ])
            ],
            ["[x] a", "[ ] b"]
        ),
        (
            [
                event(["type": "message", "message": "m"]), event(["type": "error", "message": "e"]),
                event(["type": "ready"]),
            ], ["-- m", "error: e"]
        ),
        ([codex(["type": "message", "message": "\u{1b}[31mred\ttab"])], ["\\u{1b}[31mred    tab"]),
        ([.null, [:], codex(.null), event(.null), codex(["type": "token_count"])], []),
    ]

    @Test(arguments: conversations) func aConversationIsToldInPlainLines(
        messages: [JSONValue], lines: [String]
    ) {
        #expect(Self.lines(messages) == lines)
    }
}

@Suite struct OpenRequestTests {
    static func request(_ tool: String, _ arguments: JSONValue) -> OpenRequest {
        let state: JSONValue = [
            "requests": ["id1": ["tool": .string(tool), "arguments": arguments, "createdAt": 5]]
        ]
        return OpenRequest.all(in: state)[0]
    }

    static let shown: [(String, JSONValue, [String])] = [
        (
            "Bash", ["command": "rm -r a\nls", "description": "clean"],
            ["    # clean", "    rm -r a", "    ls"]
        ),
        (
            "Edit", ["file_path": "/a", "old_string": "1\n2\n", "new_string": "3"],
            ["    /a", "    - 1", "    - 2", "    + 3"]
        ),
        ("Write", ["file_path": "/a", "content": "x\ny\n"], ["    /a", "    + x", "    + y"]),
        (
            "CodexPatch", ["changes": ["/a": ["diff": "@@\n-1\n+2"]]],
            ["    /a", "    @@", "    -1", "    +2"]
        ),
        ("ExitPlanMode", ["plan": "1. a\n2. b"], ["    1. a", "    2. b"]),
        ("other", ["k": 1], ["    {", "      \"k\" : 1", "    }"]),
    ]

    @Test(arguments: shown) func whatIsDecidedOnIsShownWhole(
        tool: String, arguments: JSONValue, lines: [String]
    ) {
        let shown = Self.request(tool, arguments).lines
        #expect(shown.first == "? \(tool) wants to run:")
        #expect(shown.dropFirst().dropLast() == lines[...])
        #expect(shown.last == "  [y] yes  [s] yes, for this session  [n] no  [x] stop the turn")
    }

    static let keys: [(Character, JSONValue?)] = [
        ("y", ["id": "id1", "approved": true, "decision": "approved"]),
        ("s", ["id": "id1", "approved": true, "decision": "approved_for_session"]),
        ("n", ["id": "id1", "approved": false, "decision": "denied"]),
        ("x", ["id": "id1", "approved": false, "decision": "abort"]), ("q", nil), (" ", nil),
    ]

    @Test(arguments: keys) func oneKeyDecides(key: Character, decision: JSONValue?) {
        #expect(Self.request("Bash", [:]).decision(for: key) == decision)
    }

    static let questions: JSONValue = [
        "questions": [
            ["question": "Which?", "options": [["label": "Blue"], ["label": "Red"]]],
            ["question": "All?", "options": [["label": "A"], ["label": "B"]], "multiSelect": true],
        ]
    ]

    static let answers: [([String], JSONValue?)] = [
        (["1", "1,2"], ["0": ["Blue"], "1": ["A", "B"]]), (["green", "2"], ["0": ["green"], "1": ["B"]]),
        (["3", "1, x"], ["0": ["3"], "1": ["1, x"]]), (["", "1"], nil),
    ]

    @Test(arguments: answers) func questionsAreAnsweredByNumberOrInWords(typed: [String], answers: JSONValue?)
    {
        let answer = Self.request("AskUserQuestion", Self.questions).answer(typed)
        #expect(answer["approved"] == .bool(answers != nil))
        #expect(answer["answers"] == answers)
    }

    @Test func codexQuestionsAreAnsweredInItsShape() {
        let request = Self.request(
            "request_user_input", ["questions": [["id": "q", "question": "?", "options": [["label": "L"]]]]])
        #expect(request.answer(["1"])["answers"] == ["q": ["answers": ["L"]]])
    }

    @Test func theOldestRequestComesFirst() {
        let state: JSONValue = [
            "requests": [
                "b": ["tool": "x", "createdAt": 1], "a": ["tool": "x", "createdAt": 2],
                "0": ["tool": "x", "createdAt": 2],
            ]
        ]
        #expect(OpenRequest.all(in: state).map(\.id) == ["b", "0", "a"])
        #expect(OpenRequest.all(in: .null).isEmpty)
    }
}

@Suite struct LineEditorTests {
    static let typed: [(String, Bool, [LineEditor.Key])] = [
        ("hi\r", false, [.changed, .changed, .line("hi")]),
        ("h\u{7f}\r", false, [.changed, .changed, .line("")]),
        ("é😀\u{7f}\r", false, [.changed, .changed, .changed, .line("é")]),
        ("one two\u{17}\r", false, Array(repeating: .changed, count: 8) + [.line("one ")]),
        ("abc\u{15}\r", false, Array(repeating: .changed, count: 4) + [.line("")]),
        ("\u{03}", false, [.interrupt]), ("\u{04}", false, [.detach]), ("a\u{04}", false, [.changed]),
        ("a\u{1d}", false, [.changed, .detach]),
        ("\u{1b}[A\u{1b}OP\u{1b}[1;5Cx\r", false, [.changed, .line("x")]),
        ("\u{1b}[200~a\rb\u{1b}[201~\r", false, [.changed, .changed, .changed, .line("a\nb")]),
        ("y", true, [.first("y")]), ("é", true, [.first("é")]), ("\u{01}\u{02}", true, []),
    ]

    @Test(arguments: typed) func keysMakeALine(text: String, asksFirst: Bool, keys: [LineEditor.Key]) {
        var editor = LineEditor()
        #expect(editor.type(text.utf8, asksFirst: asksFirst) == keys)
    }

    @Test func aDecisionIsOnlyTakenFromAnEmptyLine() {
        var editor = LineEditor()
        editor.insert("n")
        #expect(editor.type("y\r".utf8, asksFirst: true) == [.changed, .line("ny")])
    }

    @Test func bytesThatAreNoTextAreLeftOut() {
        var editor = LineEditor()
        #expect(editor.type([0xff, 0xff, 0xff, 0xff, 0x61, 0x0d], asksFirst: false).last == .line("a"))
    }
}
