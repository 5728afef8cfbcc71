import HubProtocol
import Synchronization
import Testing

@testable import SessionProcess

@Suite struct MessageShapeTests {
    private static func shape(_ family: AgentRow.Family) -> MessageShape {
        MessageShape(family: family, directory: "/work", version: "1", nativeID: "n1", newID: { "id" })
    }

    private static func data(_ utterance: Utterance, _ family: AgentRow.Family = .output) -> JSONValue? {
        var shape = shape(family)
        return shape.message(utterance, at: 0)?["content"]?["data"]
    }

    @Test func entriesHaveWhatATranscriptHas() {
        let entry = Self.data(.passage(Passage(id: "p", text: "hi"), isFinal: true))
        #expect(
            entry?["type"] == "assistant" && entry?["isSidechain"] == false && entry?["sessionId"] == "n1")
        #expect(entry?["timestamp"] == "1970-01-01T00:00:00.000Z" && entry?["cwd"] == "/work")
        #expect(entry?["message"]?["content"] == [["type": "text", "text": "hi"]])
        #expect(Self.data(.passage(Passage(id: "p", text: "h"), isFinal: false)) == nil)
    }

    @Test func usageGoesWithTheNextEntryAndNotWithASubagents() {
        var shape = Self.shape(.output)
        let usage = TokenUsage(model: "opus", input: 1, native: ["input_tokens": 1])
        #expect(shape.message(.usage(usage), at: 0) == nil)
        let inside = shape.message(.passage(Passage(id: "p", text: "sub", parent: "t"), isFinal: true), at: 0)
        #expect(inside?["content"]?["data"]?["message"]?["usage"] == nil)
        let next = shape.message(.passage(Passage(id: "p", text: "hi"), isFinal: true), at: 0)
        #expect(next?["content"]?["data"]?["message"]?["usage"] == ["input_tokens": 1])
    }

    @Test func aCardAndItsResult() {
        #expect(
            Self.data(.toolOpened(bash("c1")))?["message"]?["content"]
                == [["type": "tool_use", "id": "c1", "name": "Bash", "input": ["command": "make"]]])
        let result = ToolResult(id: "c1", output: "ok", structured: ["stdout": "ok"])
        let closed = Self.data(.toolClosed(result, decided: nil))
        #expect(closed?["type"] == "user" && closed?["toolUseResult"] == ["stdout": "ok"])
        let codex = Self.data(
            .toolClosed(ToolResult(id: "c1", output: "no", isError: true), decided: nil), .codex)
        #expect(codex == ["type": "tool-call-result", "callId": "c1", "output": "no", "is_error": true])
    }

    @Test func namesAreTranslatedThatTheWebAppSpellsOtherwise() {
        let compacted = Self.data(.notice(.compacted(trigger: "manual", tokensBefore: 7)))
        #expect(compacted?["compactMetadata"] == ["trigger": "manual", "preTokens": 7])
        let retry = Self.data(.notice(.retrying(attempt: 2, of: 10, reason: "busy")))
        #expect(retry?["subtype"] == "api_error" && retry?["retryAttempt"] == 2)
    }

    @Test func aLongTextSaysWhatIsLeftOutOfIt() {
        let text = (0..<20_000).map { "line \($0) ä" }.joined(separator: "\n")
        let short = text.shortened(to: 60 << 10)
        #expect(
            short.utf8.count < 64 << 10 && short.hasPrefix("line 0 ä\n") && short.hasSuffix("line 19999 ä"))
        #expect(short.contains("bytes left out") && !short.contains("\u{fffd}"))
        #expect(String(repeating: "ä", count: 40_000).shortened(to: 60 << 10).contains("\u{fffd}") == false)
    }

    @Test func anEarlierLifesRequestsAreCanceled() {
        let state: JSONValue = [
            "requests": ["a": ["tool": "Bash", "arguments": ["command": "x"], "createdAt": 1]],
            "completedRequests": [
                "b": [
                    "tool": "Read", "arguments": [:], "createdAt": 0, "completedAt": 2, "status": "approved",
                ]
            ],
        ]
        let book = RequestBook(agentState: state, at: 9)
        #expect(book.pending.isEmpty && book.completed.map(\.card) == ["b", "a"])
        let again = book.agentState(controlledByUser: false, startingMode: "remote")
        #expect(again["requests"] == [:])
        #expect(again["completedRequests"]?["a"]?["status"] == "canceled")
        #expect(again["completedRequests"]?["a"]?["reason"] == "Session restarted")
    }

    @Test func whatEndsInTheBackgroundIsAMarkerThatTheHubCounts() {
        let entry = Self.data(.backgroundEnded(id: "b1"))
        #expect(entry?["type"] == "user" && entry?["isSidechain"] == false)
        #expect(entry?["message"]?["content"]?.string?.hasPrefix("<task-notification>") == true)
        #expect(Self.data(.backgroundEnded(id: "b1"), .codex) == nil)
    }

    /// By the runner, which saw the end of the life before; the life after that leaves them alone.
    @Test func cardsAreClosedWhoseRequestsWereCanceledMeanwhile() {
        let gone: JSONValue = [
            "tool": "Bash", "arguments": [:], "status": "canceled", "reason": .string(AgentState.processGone),
        ]
        let state: JSONValue = [
            "requests": ["c2": ["tool": "Edit", "arguments": [:]]],
            "completedRequests": [
                "c1": gone, "c0": ["tool": "Read", "arguments": [:], "status": "approved"],
            ],
        ]
        #expect(RequestBook.cardsLeftOpen(in: state) == ["c1", "c2"])
        let next = RequestBook(agentState: state, at: 9)
            .agentState(controlledByUser: false, startingMode: "remote")
        #expect(next["completedRequests"]?["c1"]?["status"] == "canceled")
        #expect(RequestBook.cardsLeftOpen(in: next).isEmpty && RequestBook.cardsLeftOpen(in: nil).isEmpty)
    }
}
