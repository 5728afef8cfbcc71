import HubProtocol
import Testing

@testable import SessionProcess

/// What of Claude's transcript is said in the conversation.
@Suite struct ClaudeTranscriptTests {
    private static let since = "2026-12-01T10:00:00.000Z"

    /// A line of the session `s`, said after the start.
    private static func line(
        _ type: String, _ fields: [String: JSONValue], uuid: String = "u",
        at time: String = "2026-12-01T10:00:01.000Z"
    ) -> JSONValue {
        var members = fields
        members["type"] = .string(type)
        members["uuid"] = .string(uuid)
        members["timestamp"] = .string(time)
        members["sessionId"] = "s"
        return .object(members)
    }

    private static func user(_ content: JSONValue, _ more: [String: JSONValue] = [:]) -> JSONValue {
        line("user", ["message": ["role": "user", "content": content]].merging(more) { $1 })
    }

    private static func assistant(_ block: JSONValue, uuid: String = "u") -> JSONValue {
        line("assistant", ["message": ["id": "m", "role": "assistant", "content": [block]]], uuid: uuid)
    }

    /// What follows after the conversation's id.
    private func heard(_ lines: JSONValue...) -> [AgentEvent] {
        var transcript = ClaudeTranscript(since: Self.since)
        let events = lines.flatMap { transcript.take($0) }
        return events.filter { $0 != .identified(nativeID: "s") }
    }

    @Test func wordsThoughtsAndToolsAreSaid() {
        #expect(heard(Self.user("fix it")) == [.typed("fix it")])
        #expect(heard(Self.user([["type": "text", "text": "a"], ["type": "image"]])) == [.typed("a")])
        #expect(
            heard(Self.assistant(["type": "text", "text": "done"]))
                == [.turnBegan, .said(Passage(id: "u", text: "done"))])
        #expect(
            heard(Self.assistant(["type": "thinking", "thinking": "hm"])).last
                == .said(Passage(id: "u", kind: .reasoning, text: "hm")))
        #expect(
            heard(
                Self.assistant(["type": "tool_use", "id": "t", "name": "Bash", "input": ["command": "ls"]])
            ).last
                == .tool(ToolCall(id: "t", name: "Bash", input: ["command": "ls"])))
        let result: JSONValue = [
            ["type": "tool_result", "tool_use_id": "t", "content": "hi", "is_error": false]
        ]
        #expect(
            heard(Self.user(result, ["toolUseResult": ["stdout": "hi"]]))
                == [.toolEnded(ToolResult(id: "t", output: "hi", structured: ["stdout": "hi"]))])
    }

    @Test(arguments: [
        user("meta", ["isMeta": true]), user("summary", ["isCompactSummary": true]),
        user("side", ["isSidechain": true]), user("<local-command-stdout>x</local-command-stdout>"),
        user("<system-reminder>x</system-reminder>"),
        user("by itself", ["origin": ["kind": "task-notification"]]),
        user("[Request interrupted by user]"), line("user", [:], at: "2026-12-01T09:59:59.999Z"),
        line("attachment", ["attachment": ["type": "date"]]), line("file-history-snapshot", [:]),
        line("system", ["subtype": "local_command"]), line("system", ["subtype": "turn_duration"]),
        ["type": "summary", "summary": "x"], ["type": "mode"], .null, [1, 2], "text",
    ]) func theRestIsNot(_ line: JSONValue) {
        #expect(heard(line).isEmpty)
    }

    @Test func aLineIsSaidOnceAndOnlyIfItIsNew() {
        #expect(heard(Self.user("once"), Self.user("once")) == [.typed("once")])
        let old = Self.line(
            "user", ["message": ["content": "old"]], uuid: "o", at: "2026-12-01T09:00:00.000Z")
        #expect(heard(old, Self.user("new")) == [.typed("new")])
    }

    @Test func aTurnEndsOnceAndSaysHowLongItWas() {
        let duration = Self.line("system", ["subtype": "turn_duration", "durationMs": 7], uuid: "d")
        let again = Self.line("system", ["subtype": "turn_duration", "durationMs": 8], uuid: "e")
        #expect(
            heard(Self.user("go"), duration, again)
                == [.typed("go"), .turnEnded(TurnEnd(.completed, milliseconds: 7))])
        let stopped = Self.line(
            "user",
            [
                "message": [
                    "content": [["type": "text", "text": "[Request interrupted by user for tool use]"]]
                ]
            ],
            uuid: "i")
        #expect(heard(Self.user("go"), stopped).last == .turnEnded(TurnEnd(.interrupted)))
    }

    @Test func commandsOfClaudesOwnAreNotices() {
        #expect(heard(Self.user("<command-name>/clear</command-name>")) == [.noticed(.cleared)])
        #expect(
            heard(Self.user("<command-name>/model</command-name>\n<command-args>opus</command-args>"))
                == [.noticed(.message("/model opus"))])
        #expect(heard(Self.user("<bash-input>ls</bash-input>")) == [.noticed(.message("! ls"))])
        let compacted = Self.line(
            "system",
            ["subtype": "compact_boundary", "compactMetadata": ["trigger": "manual", "preTokens": 5]])
        #expect(heard(compacted) == [.noticed(.compacted(trigger: "manual", tokensBefore: 5))])
    }

    @Test func whatWasTypedWhileItWorkedAndTheModeAreHeard() {
        let queued = Self.line(
            "attachment", ["attachment": ["type": "queued_command", "prompt": "also this"]], uuid: "q")
        #expect(heard(Self.user("go"), queued) == [.typed("go"), .typed("also this")])
        #expect(
            heard(Self.user("go", ["permissionMode": "plan"]))
                == [.settingChanged(.mode("plan")), .typed("go")])
    }

    @Test func theConversationIsNamedByItsFirstLineAndByEachOfAnother() {
        var transcript = ClaudeTranscript(since: Self.since)
        #expect(transcript.take(Self.user("a")).first == .identified(nativeID: "s"))
        var other = Self.user("b").object ?? [:]
        other["sessionId"] = "s2"
        other["uuid"] = "v"
        #expect(transcript.take(.object(other)) == [.identified(nativeID: "s2"), .typed("b")])
    }
}
