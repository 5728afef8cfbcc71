import Processes
import Testing

@testable import RunnerStore

@Suite final class DirectoryTests: StoreTests {
    private func record(
        _ store: Writing, _ decision: DirectoryDecision, _ directory: String, request: String = "q"
    ) throws {
        let decided: Timestamp? = decision == .pending ? nil : 2000
        try store.recordDirectoryDecision(
            DirectoryDecisionRecord(
                directory: directory, decision: decision, decidedBy: decided.map { _ in "hub" },
                decidedAt: decided, spawnRequestID: request, isStanding: false), at: 2000)
    }

    @Test(arguments: [DirectoryDecision.pending, .approved, .denied])
    func aDecisionSaysWhoDecidedOnceItIsMade(decision: DirectoryDecision) throws {
        let store = try create()
        try record(store, decision, "/new")
        let found = try #require(try store.directoryDecisions().first)
        #expect(found.decision == decision && found.directory == "/new" && found.spawnRequestID == "q")
        #expect(found.decidedBy == (decision == .pending ? nil : "hub"))
        #expect(found.decidedAt == (decision == .pending ? nil : 2000))
        #expect(!found.isStanding)
    }

    @Test func aDecisionAnswersWhatWasAskedAboutTheSameDirectory() throws {
        let store = try create()
        try record(store, .pending, "/new")
        try record(store, .pending, "/new/below")
        try record(store, .approved, "/new", request: "r")
        #expect(try store.directoryDecisions().map(\.decision) == [.approved, .pending, .approved])
    }

    @Test func aDirectoryIsAskedAboutOnceUntilItIsDecided() throws {
        let store = try create()
        for request in ["q", "r"] { try record(store, .pending, "/new", request: request) }
        #expect(try store.directoryDecisions().map(\.spawnRequestID) == ["q"])
        try record(store, .denied, "/new", request: "s")
        try record(store, .pending, "/new", request: "t")
        #expect(try store.directoryDecisions().map(\.decision) == [.pending, .denied, .denied])
    }

    @Test func aStandingDecisionAnswersWhatWasAskedBelow() throws {
        let store = try create()
        for directory in ["/a", "/a/b", "/ab"] { try record(store, .pending, directory) }
        try store.decide(.denied, on: "/a", by: "cli", at: 3000)
        let decisions = try store.directoryDecisions().filter { !$0.isStanding }
        #expect(decisions.map(\.decision) == [.pending, .denied, .denied])
    }

    static let standing: [(String, DirectoryDecision?)] = [
        ("/a", .approved), ("/a/b/c", .denied), ("/a/b", .denied), ("/a/bc", .approved), ("/ab", nil),
        ("/", nil),
    ]

    @Test(arguments: standing)
    func theNearestStandingDecisionHolds(directory: String, decision: DirectoryDecision?) throws {
        let store = try create()
        try store.decide(.approved, on: "/a", by: "cli", at: 1000)
        try store.decide(.denied, on: "/a/b", by: "cli", at: 1000)
        try record(store, .denied, "/ab")
        #expect(try store.standingDecision(on: directory) == decision)
    }

    @Test func theNewestStandingDecisionOnADirectoryHolds() throws {
        let store = try create()
        try store.decide(.approved, on: "/", by: "cli", at: 1000)
        try store.decide(.denied, on: "/", by: "cli", at: 1001)
        #expect(try store.standingDecision(on: "/anything") == .denied)
    }
}
