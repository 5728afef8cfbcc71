import Testing

@testable import HubProtocol

@Suite struct AgentStateTests {
    private static let state: JSONValue = [
        "controlledByUser": false,
        "requests": [
            "c1": ["tool": "Bash", "arguments": ["command": "make"], "createdAt": 100],
            "c2": ["tool": "Edit", "arguments": [:], "createdAt": 300],
        ],
        "completedRequests": ["c0": ["tool": "Read", "arguments": [:], "status": "approved"]],
    ]

    @Test func aRequestThatWasLeftOpenIsCanceledInWords() {
        let changed = AgentState.canceling(askedUntil: 200, in: Self.state, at: 400)
        #expect(changed?["requests"]?.object?.keys.sorted() == ["c2"])
        let done = changed?["completedRequests"]
        #expect(
            done?["c1"] == [
                "tool": "Bash", "arguments": ["command": "make"], "createdAt": 100, "completedAt": 400,
                "status": "canceled", "decision": "abort", "reason": .string(AgentState.processGone),
            ])
        #expect(done?["c0"]?["status"] == "approved" && changed?["controlledByUser"] == false)
    }

    @Test func whatIsNotPendingOrAnotherLifesIsLeftAlone() {
        #expect(AgentState.canceling(askedUntil: 99, in: Self.state, at: 500) == nil)
        for state: JSONValue in [.null, [:], ["requests": [:]], ["requests": 7]] {
            #expect(AgentState.canceling(askedUntil: 200, in: state, at: 500) == nil)
        }
    }
}
