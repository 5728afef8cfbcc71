import Processes
import Testing

@testable import RunnerStore

@Suite final class SpawnRequestTests: StoreTests {
    @Test func aRequestIsAnsweredOnce() throws {
        let store = try create()
        try store.insertSpawnRequest(.sample("q"))
        #expect(try store.spawnRequest("q")?.outcome == .pending)
        try store.answerSpawnRequest("q", .late, error: "slow", at: 2001)
        try store.answerSpawnRequest("q", .failed, error: "no", at: 2002)
        let request = try #require(try store.spawnRequest("q"))
        #expect(request.outcome == .late)
        #expect(request.error == "slow")
        #expect(try store.number("SELECT answered_at FROM spawn_requests") == 2001)
    }

    @Test func aRequestIdIsUsedOnce() throws {
        let store = try create()
        try store.insertSpawnRequest(.sample("q"))
        let again = SpawnRequestRecord.sample("q", outcome: .refused, error: "again")
        #expect(storeError { try store.insertSpawnRequest(again) }?.cause == .constraint)
        #expect(try store.spawnRequest("q")?.outcome == .pending)
    }

    @Test(arguments: [SpawnOutcomeKind.late, .needsApproval, .refused, .failed])
    func aRequestMayBeAnsweredAsItIsWritten(outcome: SpawnOutcomeKind) throws {
        let store = try create()
        try store.insertSpawnRequest(.sample("q", at: 2000, outcome: outcome, error: "why"))
        let request = try #require(try store.spawnRequest("q"))
        #expect(request.outcome == outcome)
        #expect(request.source == .hub)
        #expect(request.error == "why")
        #expect(try store.pendingSpawnRequests().isEmpty)
    }

    @Test func aStartedRequestNamesItsSession() throws {
        let store = try create()
        try store.insertSession(.sample("s", runner: try store.addRunner()))
        try store.insertSpawnRequest(.sample("q", session: "s"))
        try store.insertSpawnRequest(.sample("later", session: "s", at: 3000))
        try store.answerSpawnRequest("q", .started, error: nil, at: 2001)
        #expect(try store.spawnRequest(ofSession: "s")?.id == "q")
        #expect(try store.spawnRequest(ofSession: "nobody") == nil)
        #expect(try store.pendingSpawnRequests().map(\.id) == ["later"])
    }

    @Test func unansweredRequestsAreListedOldestFirst() throws {
        let store = try create()
        for (id, time) in [("b", 3000), ("a", 1000), ("c", 2000)] as [(String, Timestamp)] {
            try store.insertSpawnRequest(.sample(id, at: time))
        }
        #expect(try store.pendingSpawnRequests().map(\.id) == ["a", "c", "b"])
    }
}
