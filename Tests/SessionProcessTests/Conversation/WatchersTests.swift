import Testing

@testable import SessionProcess

/// What a shell that attaches later is shown.
@Suite struct WatchersTests {
    private static func past(_ watchers: inout Watchers) -> Int {
        let conversation = Conversation(AgentTable.claude, opening: AgentOpening(directory: "/w"))
        return watchers.add(conversation).past.count { if case .said = $0 { true } else { false } }
    }

    @Test func thePastIsBoundedInNumberAndSize() {
        var watchers = Watchers()
        for number in 0..<600 { watchers.tell(.said(.person("\(number)"), at: 0), bytes: 10) }
        #expect(Self.past(&watchers) == 500)
        for _ in 0..<5 { watchers.tell(.said(.person("large"), at: 0), bytes: 5 << 20) }
        #expect(Self.past(&watchers) == 3)
        // What alone is too large is shown all the same.
        watchers.tell(.said(.person("huge"), at: 0), bytes: 20 << 20)
        #expect(Self.past(&watchers) == 1)
    }
}
