import Processes
import Testing

@testable import RunnerStore

@Suite final class SessionTests: StoreTests {
    private func withSession(_ id: String = "s") throws -> Writing {
        let store = try create()
        try store.insertSession(.sample(id, runner: try store.addRunner()), detail: "by hub")
        return store
    }

    @Test func aSessionIsReadAsItWasWritten() throws {
        let store = try create()
        let written = SessionRecord(
            id: "s", runnerID: try store.addRunner(), origin: .runner, agent: "codex",
            directory: "/home/dev/naïve 😀\n'); DROP TABLE sessions; --", logPath: nil,
            requestedSessionID: "r",
            createdAt: 2000, launch: LaunchRecord(phase: .requested, host: .sample))
        try store.insertSession(written)
        let read = try #require(try store.session("s"))
        #expect(read.id == written.id)
        #expect(read.runnerID == written.runnerID)
        #expect(read.origin == .runner)
        #expect(read.agent == "codex")
        #expect(read.directory == written.directory)
        #expect(read.logPath == nil)
        #expect(read.requestedSessionID == "r")
        #expect(read.createdAt == 2000)
        #expect(read.launch == written.launch)
        #expect(read.happySessionID == nil && read.reportedAt == nil && read.adoptedAt == nil)
        #expect(
            read.stopRequestedAt == nil && read.stoppedBy == nil && read.endedAt == nil && read.exit == nil)
    }

    @Test func aLifeIsToldByItsEvents() throws {
        let store = try withSession()
        try store.confirm("s", as: "h", at: 2001)
        try store.adopt("s", by: try store.addRunner(), at: 2002)
        try store.requestStop("s", by: .cli, at: 2003)
        _ = try store.finish(
            "s", unlessRecorded: ExitRecord(.signaled(signal: 15), message: "told to", at: 2004))
        let events = try store.events(of: "s")
        #expect(events.map(\.kind) == ["requested", "reported", "adopted", "stop-requested", "ended"])
        #expect(events.map(\.detail) == ["by hub", "h", nil, "cli", "ended by SIGTERM: told to"])
        #expect(events.map(\.at) == [2000, 2001, 2002, 2003, 2004])
    }

    @Test func aReportAnswersTheRequestsThatWaitForIt() throws {
        let store = try withSession()
        try store.insertSpawnRequest(.sample("waits", session: "s"))
        try store.insertSpawnRequest(.sample("gave-up", session: "s"))
        try store.answerSpawnRequest("gave-up", .late, error: "not yet", at: 2001)
        try store.confirm("s", as: "h", at: 2002)
        #expect(try store.spawnRequest("waits")?.outcome == .started)
        #expect(try store.spawnRequest("gave-up")?.outcome == .late)
        #expect(try store.pendingSpawnRequests().isEmpty)
    }

    @Test func aReportIsConfirmedWithTheTimeOfTheFirst() throws {
        let store = try withSession()
        try store.confirm("s", as: "h", at: 2001)
        try store.confirm("s", as: "h", at: 2002)
        let session = try #require(try store.session("s"))
        #expect(session.happySessionID == "h")
        #expect(session.reportedAt == 2001)
    }

    @Test func aHapiSessionHasOneLiveOwner() throws {
        let store = try withSession("a")
        try store.insertSession(.sample("b", runner: 1))
        try store.confirm("a", as: "h", at: 2001)
        #expect(storeError { try store.confirm("b", as: "h", at: 2002) }?.cause == .constraint)
        #expect(try store.liveOwner(of: "h")?.id == "a")
        _ = try store.finish("a", unlessRecorded: ExitRecord(.vanished, at: 2003))
        #expect(try store.liveOwner(of: "h") == nil)
        try store.confirm("b", as: "h", at: 2004)
        #expect(try store.liveOwner(of: "h")?.id == "b")
    }

    @Test func aHapiSessionIsAskedForOnceAtATime() throws {
        let store = try create()
        let runner = try store.addRunner()
        try store.insertSession(.sample("a", runner: runner, requested: "h"))
        let twice = SessionRecord.sample("b", runner: runner, requested: "h")
        let error = storeError {
            try store.connection.transaction { () throws(StoreError) in try store.insertSession(twice) }
        }
        #expect(error?.cause == .constraint)
        #expect(try store.liveOwner(of: "h")?.id == "a")
        // Nothing of the second one remains, including its launch.
        #expect(try store.number("SELECT count(*) FROM launches") == 1)
    }

    @Test func whoAskedFirstForAStopStaysOnRecord() throws {
        let store = try withSession()
        try store.requestStop("s", by: .hub, at: 2001)
        try store.requestStop("s", by: .cli, at: 2002)
        let session = try #require(try store.session("s"))
        #expect(session.stoppedBy == .hub)
        #expect(session.stopRequestedAt == 2001)
        #expect(try store.events(of: "s").map(\.kind) == ["requested", "stop-requested"])
    }

    @Test func aSessionIsFinishedOnceWithTheExitOnRecord() throws {
        let store = try withSession()
        let seen = ExitRecord(.exited(code: 3), helpers: 1, at: 2001)
        #expect(try store.recordExit("s", seen))
        let (exit, first) = try store.finish("s", unlessRecorded: ExitRecord(.vanished, at: 2002))
        #expect(exit == seen)
        #expect(first)
        #expect(try store.finish("s", unlessRecorded: ExitRecord(.vanished, at: 2003)).first == false)
        #expect(try store.session("s")?.endedAt == 2001)
        #expect(try store.events(of: "s").filter { $0.kind == "ended" }.count == 1)
    }

    @Test func theExitGivenIsRecordedWhereNoneIs() throws {
        let store = try withSession()
        let given = ExitRecord(.vanished, message: "nobody saw it", at: 2001)
        let (exit, first) = try store.finish("s", unlessRecorded: given)
        #expect(exit == given)
        #expect(first)
        #expect(try store.exit(of: "s") == given)
    }

    @Test func sessionsAreListedInTheOrderTheyWereRecordedInWhateverTheClockSaid() throws {
        let store = try create()
        for (id, time) in [("c", 3000), ("d", 3000), ("a", 1000), ("b", 2000)] as [(String, Timestamp)] {
            try store.insertSession(.sample(id, runner: nil, at: time, launch: .running))
        }
        _ = try store.finish("d", unlessRecorded: ExitRecord(.vanished, at: 4000))
        #expect(try store.sessions(.oldestFirst, limit: .max).sessions.map(\.id) == ["c", "d", "a", "b"])
        #expect(try store.liveSessions().map(\.id) == ["c", "a", "b"])
        #expect(try store.sessions(.newestFirst, limit: 3).sessions.map(\.id) == ["b", "a", "d"])
        #expect(try store.sessions(.newestFirst, limit: 0).sessions.isEmpty)
    }

    @Test func aWordFindsTheSessionsItNamesLiveOnesFirst() throws {
        let store = try create()
        let runner = try store.addRunner()
        try store.insertSession(.sample("old", runner: runner, at: 1000))
        try store.confirm("old", as: "h", at: 1001)
        _ = try store.finish("old", unlessRecorded: ExitRecord(.vanished, at: 1002))
        try store.insertSession(.sample("asked", runner: runner, requested: "h", at: 900))
        #expect(try store.sessions(named: "h").map(\.id) == ["asked", "old"])
        #expect(try store.sessions(named: "old").map(\.id) == ["old"])
        #expect(try store.sessions(named: "nobody").isEmpty)
        #expect(try store.session("h") == nil)
    }

    @Test(arguments: [
        (ExitRecord(.exited(code: 3), at: 1), "exited with code 3"),
        (ExitRecord(.signaled(signal: 9), at: 1), "ended by SIGKILL"),
        (ExitRecord(.launchFailed, message: "no such file", at: 1), "launch failed: no such file"),
        (ExitRecord(.vanished, at: 1), "vanished"),
    ])
    func anExitIsToldInAFewWords(exit: ExitRecord, words: String) {
        #expect(exit.summary == words)
    }

    @Test func aTransactionThatFailsLeavesNothing() throws {
        let store = try create()
        let runner = try store.addRunner()
        let error = storeError {
            try store.connection.transaction { () throws(StoreError) in
                try store.insertSession(.sample("s", runner: runner))
                try store.insertSpawnRequest(.sample("q", session: "nobody"))
            }
        }
        #expect(error?.cause == .constraint)
        #expect(try store.sessions(.oldestFirst, limit: .max).sessions.isEmpty)
        try store.connection.transaction { () throws(StoreError) in
            try store.insertSession(.sample("s", runner: runner))
        }
        #expect(try store.sessions(.oldestFirst, limit: .max).sessions.count == 1)
    }
}
