import Testing

@testable import SessionProcess

@Suite struct ConversationIdentityTests {
    /// The session that goes on with a conversation has new rows, here and maybe at the hub.
    @Test func theIDOfAResumedConversationIsToldOnce() throws {
        let row = try #require(AgentTable.row("codex"))
        var conversation = Conversation(row, opening: AgentOpening(directory: "/w", nativeID: "n1"))
        let now = Moment(wall: 0, uptime: 0)
        let told = conversation.handle(.agent(.identified(nativeID: "n1")), at: now)
        #expect(told == [.nativeID("n1"), .record(.nativeID("n1"))])
        #expect(conversation.handle(.agent(.identified(nativeID: "n1")), at: now).isEmpty)
        let other = conversation.handle(.agent(.identified(nativeID: "n2")), at: now)
        #expect(other == [.nativeID("n2"), .record(.nativeID("n2"))])
    }
}
