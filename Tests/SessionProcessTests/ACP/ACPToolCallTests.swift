import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct ACPToolCallTests {
    static let views: [(JSONValue, String, JSONValue)] = [
        (
            ["title": "bash: touch a", "kind": "execute", "rawInput": ["command": "touch a"]],
            "Bash", ["command": "touch a", "description": "bash: touch a"]
        ),
        (
            ["title": "run", "kind": "execute", "rawInput": ["cmd": ["ls", "-l"]]],
            "Bash", ["command": "ls -l", "description": "run"]
        ),
        (
            ["title": "ls -la", "kind": "execute", "rawInput": [:]], "Bash",
            ["command": "ls -la", "description": "ls -la"]
        ),
        (
            [
                "title": "Shell", "kind": "execute",
                "content": [["type": "content", "content": ["type": "text", "text": #"{"command":"ls"}"#]]],
            ],
            "Bash", ["command": "ls", "description": "Shell"]
        ),
        (
            ["title": "Read a.txt", "kind": "read", "locations": [["path": "/w/a.txt"]]], "Read",
            ["file_path": "/w/a.txt"]
        ),
        (["title": "x", "kind": "read", "rawInput": ["file_path": "/b"]], "Read", ["file_path": "/b"]),
        (["title": "a.txt", "kind": "read"], "Read", ["file_path": "a.txt"]),
        (
            ["kind": "search", "rawInput": ["pattern": "TODO", "path": "/w"]], "Grep",
            ["pattern": "TODO", "path": "/w"]
        ),
        (["title": "find", "kind": "search", "rawInput": ["q": "x"]], "find", ["q": "x"]),
        (["kind": "fetch", "rawInput": ["url": "http://x"]], "WebFetch", ["url": "http://x"]),
        (
            ["kind": "edit", "content": [["type": "diff", "path": "/a", "oldText": "1", "newText": "2"]]],
            "Edit", ["file_path": "/a", "old_string": "1", "new_string": "2"]
        ),
        (
            ["kind": "edit", "content": [["type": "diff", "path": "/a", "oldText": .null, "newText": "2"]]],
            "Write", ["file_path": "/a", "content": "2"]
        ),
        (
            [
                "kind": "edit",
                "content": [
                    ["type": "diff", "path": "/a", "oldText": "1\n", "newText": "2\n"],
                    ["type": "diff", "path": "/b", "newText": "3"],
                ],
            ],
            "CodexPatch", ["changes": ["/a": ["diff": "-1\n+2"], "/b": ["diff": "+3"]]]
        ),
        (
            ["title": "Ready?", "kind": "switch_mode", "rawInput": ["plan": "1. do it"]], "ExitPlanMode",
            ["plan": "1. do it"]
        ),
        (["title": "mini/greet", "kind": "other", "rawInput": ["who": "x"]], "mini/greet", ["who": "x"]),
        (["kind": "think"], "think", [:]),
        ([:], "Tool", [:]),
        (["title": 7, "kind": [], "content": "x", "rawInput": .null], "Tool", [:]),
    ]

    /// Mistral Vibe reports a refused edit as text in place of the diff.
    @Test func aCardStaysWhatItWasWhenItsDiffIsReplaced() {
        var call = ACPToolCall(id: "c")
        let diff: JSONValue = ["type": "diff", "path": "/a", "newText": "1"]
        call.merge(["title": "Writing a", "kind": "edit", "content": [diff]])
        let before = call.call
        #expect(before.name == "Write")
        call.merge(["content": [["type": "content", "content": ["type": "text", "text": "refused"]]]])
        #expect(call.call == before)
        call.merge(["status": "failed"])
        #expect(call.result?.output == "refused")
    }

    @Test(arguments: views) func aCallIsShownUnderANameTheWebAppKnows(
        update: JSONValue, name: String, input: JSONValue
    ) {
        var call = ACPToolCall(id: "c")
        call.merge(update)
        #expect(call.call.name == name)
        #expect(call.call.input == input)
    }

    @Test func anAbsentMemberIsUnchanged() {
        var call = ACPToolCall(id: "c")
        call.merge(["title": "bash", "kind": "execute", "rawInput": ["command": "ls"], "status": "pending"])
        call.merge(["status": "completed", "rawInput": [:], "title": ""])
        #expect(call.call.input["command"] == "ls")
        #expect(call.call.nativeTitle == "bash")
        #expect(call.isOver)
    }

    static let results: [(JSONValue, JSONValue, Bool)] = [
        (
            [
                "status": "completed",
                "content": [
                    ["type": "content", "content": ["type": "text", "text": "a"]],
                    ["type": "content", "content": ["type": "text", "text": "b"]],
                ],
            ],
            "a\nb", false
        ),
        (["status": "failed", "rawOutput": "no"], "no", true),
        (
            ["status": "completed", "rawOutput": ["stdout": "x", "stderr": ""]],
            ["stdout": "x", "stderr": ""], false
        ),
        (["status": "completed", "content": [["type": "diff", "path": "/a", "newText": "1"]]], "/a", false),
        (["status": "completed"], "", false),
    ]

    @Test(arguments: results) func aFinalStatusGivesTheResult(
        update: JSONValue, output: JSONValue, isError: Bool
    ) {
        var call = ACPToolCall(id: "c")
        call.merge(update)
        #expect(call.result?.output == output)
        #expect(call.result?.isError == isError)
    }

    @Test(arguments: ["pending", "in_progress", "unheard of", ""]) func noOtherStatusIsAnEnd(status: String) {
        var call = ACPToolCall(id: "c")
        call.merge(["status": .string(status)])
        #expect(call.result == nil)
    }
}
