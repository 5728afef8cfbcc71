import Processes
import Testing

@testable import Processes
@testable import RunnerStore

@Suite final class ConversationTests: StoreTests {
    private func withSession(_ id: String = "s") throws -> Writing {
        let store = try create()
        try store.insertSession(.sample(id, runner: try store.addRunner()))
        return store
    }

    @Test func aTurnIsReadAsItWasWritten() throws {
        let store = try withSession()
        let first = try store.beginTurn(of: "s", detail: "fix the login", at: 2001)
        try store.endTurn(first, .failed, detail: "overloaded", at: 2005)
        try store.endTurn(first, .completed, at: 2009)
        let second = try store.beginTurn(of: "s", at: 2010)
        #expect(
            try store.turns(of: "s") == [
                TurnRecord(
                    id: first, sessionID: "s", beganAt: 2001, endedAt: 2005, outcome: .failed,
                    detail: "overloaded"),
                TurnRecord(id: second, sessionID: "s", beganAt: 2010),
            ])
        #expect(try store.turns(of: "t").isEmpty)
    }

    @Test func aDecisionIsReadAsItWasWritten() throws {
        let store = try withSession()
        let id = try store.recordToolRequest("r1", "Bash", summary: "rm -rf build", of: "s", at: 2001)
        #expect(try store.toolDecisions(of: "s").map(\.decision) == [nil])
        try store.recordToolDecision(id, "approved", by: "hub", at: 2002)
        try store.recordToolDecision(id, "denied", by: "cli", at: 2003)
        let expected = ToolDecisionRecord(
            id: id, sessionID: "s", requestID: "r1", tool: "Bash", summary: "rm -rf build",
            decision: "approved", decidedBy: "hub", askedAt: 2001, decidedAt: 2002)
        #expect(try store.toolDecisions(of: "s") == [expected])
    }

    @Test func whatIsOpenWhenTheProcessEndsIsClosed() throws {
        let store = try withSession()
        let done = try store.beginTurn(of: "s", at: 2001)
        try store.endTurn(done, .completed, at: 2002)
        _ = try store.beginTurn(of: "s", at: 2003)
        let decided = try store.recordToolRequest("1", "Read", summary: nil, of: "s", at: 2004)
        try store.recordToolDecision(decided, "approved", by: "mode", at: 2004)
        _ = try store.recordToolRequest("1", "Bash", summary: nil, of: "s", at: 2005)
        #expect(try store.closeConversation(of: "s", at: 2006).map(\.tool) == ["Bash"])
        #expect(try store.turns(of: "s").map(\.outcome) == [.completed, .lost])
        #expect(try store.toolDecisions(of: "s").map(\.decision) == ["approved", "abort"])
        #expect(try store.closeConversation(of: "s", at: 2007).isEmpty)
    }

    @Test func messagesThatWereGivenAreKnownToALaterLifeOfTheConversation() throws {
        let store = try withSession()
        try store.confirm("s", as: "h", at: 2001)
        try store.recordMessage("m1", .given, in: "s", at: 2002)
        try store.recordMessage("m2", .given, in: "s", at: 2003)
        try store.recordMessage("m2", .returned, in: "s", at: 2004)
        #expect(try store.messagesGiven(in: "h") == ["m1"])
        try store.recordMessage("m2", .given, in: "s", at: 2005)
        #expect(try store.messagesGiven(in: "h") == ["m1", "m2"])
        #expect(try store.messagesGiven(in: "another").isEmpty)
    }

    @Test func requestsThatWereLeftAreFoundUntilTheHubKnows() throws {
        let store = try withSession()
        try store.confirm("s", as: "h", at: 2000)
        let decided = try store.recordToolRequest("1", "Read", summary: nil, of: "s", at: 2001)
        try store.recordToolDecision(decided, "canceled", by: "end", at: 2002)
        _ = try store.recordToolRequest("2", "Bash", summary: nil, of: "s", at: 2003)
        #expect(try store.sessionsWithLeftRequests(endedSince: 0).isEmpty)
        _ = try store.finish("s", unlessRecorded: ExitRecord(.signaled(signal: 9), at: 2004))
        #expect(try store.leftRequests(of: "s").map(\.requestID) == ["2"])
        #expect(try store.sessionsWithLeftRequests(endedSince: 2004) == ["s"])
        #expect(try store.sessionsWithLeftRequests(endedSince: 2005).isEmpty)
        try store.settleLeftRequests(of: "s")
        #expect(try store.sessionsWithLeftRequests(endedSince: 0).isEmpty)
        #expect(try store.leftRequests(of: "s").isEmpty)
    }

    @Test func theAgentsIdAndTheTitleAreKept() throws {
        let store = try withSession()
        try store.setNativeID("c0ffee", of: "s")
        try store.setTitle("Mending the login", of: "s")
        let session = try #require(try store.session("s"))
        #expect(session.nativeID == "c0ffee")
        #expect(session.title == "Mending the login")
        #expect(session.name == nil)
        try store.setNativeID(nil, of: "s")
        #expect(try store.session("s")?.nativeID == nil)
    }

    @Test func aNameMeansOneLiveSession() throws {
        let store = try create()
        let runner = try store.addRunner()
        for id in ["a", "b"] {
            var session = SessionRecord.sample(id, runner: runner)
            session.name = try store.freeName(like: "work")
            try store.insertSession(session)
        }
        #expect(try store.liveSessions().map(\.name) == ["work", "work-2"])
        #expect(storeError { try store.setName("work", of: "b") }?.cause == .constraint)
        _ = try store.finish("a", unlessRecorded: ExitRecord(.vanished, at: 2003))
        #expect(try store.freeName(like: "work") == "work")
        try store.setName("work", of: "b")
        #expect(try store.sessions(named: "work").map(\.id) == ["b", "a"])
        #expect(try store.sessions(beginning: "wor").count == 2)
    }

    @Test func whatASessionLeftBehindIsKeptUntilItIsGone() throws {
        let store = try withSession()
        let process = ProcessIdentity(pid: 22405, start: 77)
        let leftover = LeftoverRecord(
            sessionID: "s", process: process, command: "claude", foundAt: 2001, host: .sample)
        for _ in 0..<2 { try store.recordLeftover(leftover) }
        #expect(try store.leftovers() == [leftover])
        #expect(try store.leftovers(of: "s") == [leftover])
        #expect(try store.leftovers(of: "t").isEmpty)
        #expect(try store.events(of: "s").map(\.detail) == [nil, "claude 22405"])
        try store.markLeftoverGone(process, of: "s", at: 2002)
        #expect(try store.leftovers().isEmpty)
    }
}

@Suite final class LookTests: StoreTests {
    /// SQLite's query plan.
    private func plan(_ store: Writing, _ sql: String) throws -> [String] {
        try store.rows("EXPLAIN QUERY PLAN \(sql)") { $0.text("detail") }
    }

    @Test(arguments: [
        "SELECT * FROM sessions s WHERE s.ended_at IS NULL ORDER BY s.sequence, s.created_at, s.id",
        "SELECT * FROM sessions s ORDER BY s.sequence DESC, s.created_at DESC, s.id DESC LIMIT 9",
        "SELECT * FROM sessions s WHERE (s.sequence, s.created_at, s.id) > (1, 2, 'a') ORDER BY s.sequence, s.created_at, s.id LIMIT 9",
        "SELECT * FROM sessions s WHERE s.id = ?1 OR s.happy_session_id = ?1 OR s.requested_session_id = ?1 OR s.name = ?1",
        "SELECT * FROM sessions s WHERE s.requested_session_id >= ?1 AND s.requested_session_id < ?2",
        "SELECT * FROM spawn_requests WHERE outcome = 'pending' ORDER BY requested_at",
        "SELECT max(sequence) FROM sessions",
    ])
    func noLookReadsOrSortsTheWholeHistory(sql: String) throws {
        let steps = try plan(try create(), sql)
        #expect(!steps.isEmpty)
        #expect(!steps.contains { $0.hasPrefix("SCAN") && !$0.contains("INDEX") }, "\(steps)")
        #expect(!steps.contains { $0.contains("TEMP B-TREE") }, "\(steps)")
    }

    @Test func columnsAreReadByTheirNamesWhateverTheirOrder() throws {
        let store = try create()
        try store.insertSession(.sample("s", runner: try store.addRunner()))
        let read = try store.rows("SELECT requested_at, id, boot_id, pid_namespace, machine FROM launches") {
            row -> String? in
            #expect(row.host() == .sample)
            #expect(row.time("requested_at") == 2000)
            return row.text("id")
        }
        #expect(read == ["s"])
    }

    @Test func theBeginningOfAnIdIsFoundWhateverItIsMadeOf() throws {
        let store = try create()
        let runner = try store.addRunner()
        for id in ["abc-1", "abd-1", "äbc", "100%", "1001"] {
            try store.insertSession(.sample(id, runner: runner))
        }
        try store.confirm("äbc", as: "abc-2", at: 2001)
        #expect(try Set(store.sessions(beginning: "abc").map(\.id)) == ["abc-1", "äbc"])
        #expect(try store.sessions(beginning: "ä").map(\.id) == ["äbc"])
        #expect(try store.sessions(beginning: "100%").map(\.id) == ["100%"])
        #expect(try store.sessions(beginning: "1", limit: 9).count == 2)
        #expect(try store.sessions(beginning: "zz").isEmpty)
    }

    @Test func whatIsKnownOfTheHubAlreadyIsNotWrittenAgain() throws {
        let store = try create()
        let runner = try store.addRunner()
        try store.setHubState(.connecting, detail: "no route", of: runner, at: 1001)
        let written = try store.number("SELECT total_changes()")
        for time in 1002...1009 {
            try store.setHubState(
                .connecting, detail: "no route", of: runner, at: Timestamp(milliseconds: Int64(time)))
        }
        #expect(try store.number("SELECT total_changes()") == written)
    }
}
