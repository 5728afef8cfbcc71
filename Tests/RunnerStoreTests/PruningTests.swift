import Processes
import Testing

@testable import RunnerStore

@Suite final class PruningTests: StoreTests {
    @Test func onlyWhatEndedBeforeTheDateIsForgotten() throws {
        let store = try create()
        let runner = try store.addRunner()
        for (id, end) in [("old", 1500), ("new", 2500), ("live", nil)] as [(String, Int64?)] {
            try store.insertSession(.sample(id, runner: runner))
            try store.insertSpawnRequest(.sample("q-\(id)", session: id))
            if let end {
                _ = try store.finish(
                    id, unlessRecorded: ExitRecord(.exited(code: 0), at: Timestamp(milliseconds: end)))
            }
        }
        #expect(try store.forgetSessions(before: 2000) == 1)
        #expect(try store.sessions(.oldestFirst, limit: .max).sessions.map(\.id).sorted() == ["live", "new"])
        #expect(try store.number("SELECT count(*) FROM launches") == 2)
        #expect(try store.number("SELECT count(*) FROM exits") == 1)
        #expect(try store.number("SELECT count(*) FROM session_events WHERE session_id = 'old'") == 0)
        #expect(try store.spawnRequest("q-old") == nil)
    }

    @Test func aSessionWithAWorktreeIsKept() throws {
        let store = try create()
        let runner = try store.addRunner()
        try store.insertSession(.sample("s", runner: runner))
        try store.insertWorktree(
            WorktreeRecord(
                sessionID: "s", repository: "/r", path: "/r-worktrees/x", branch: "hapi-x", name: "x",
                createdAt: 1000))
        _ = try store.finish("s", unlessRecorded: ExitRecord(.vanished, at: 1500))
        #expect(try store.forgetSessions(before: 2000) == 0)
        #expect(try store.keptWorktrees().map(\.path) == ["/r-worktrees/x"])
        try store.markWorktreeRemoved("s", at: 1600)
        #expect(try store.keptWorktrees().isEmpty)
        #expect(try store.forgetSessions(before: 2000) == 1)
    }

    @Test func aLongHistoryIsForgottenInSlicesThatOthersCanWriteBetween() throws {
        let store = try create()
        let runner = try store.addRunner()
        try store.connection.transaction { () throws(StoreError) in
            for index in 0..<300 {
                try store.insertSession(.sample("s\(index)", runner: runner))
                _ = try store.finish("s\(index)", unlessRecorded: ExitRecord(.vanished, at: 1500))
                _ = try store.beginTurn(of: "s\(index)", at: 1400)
            }
        }
        let other = try Writing(path: path, mode: .existing, busyTimeout: 0)
        var steps: [Int] = []
        let count = try store.connection.forgetSessions(before: 2000) { forgotten in
            steps.append(forgotten)
            #expect(throws: Never.self) { try other.setNotice("\(forgotten)", of: runner) }
        }
        #expect(count == 300)
        #expect(steps.count > 1)
        #expect(steps == steps.sorted())
        #expect(try store.number("SELECT count(*) FROM turns") == 0)
        #expect(try store.number("SELECT count(*) FROM launches") == 0)
    }

    @Test func whatLedToNoSessionIsForgottenInSlicesToo() throws {
        let store = try create()
        let insert = """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
            INSERT INTO
            """
        try store.run(
            """
            \(insert) spawn_requests
            (id, source, directory, agent, requested_at, outcome, error, answered_at)
            SELECT 'q' || i, 'http', '/w', 'claude', 1000, 'refused', 'no', CASE i WHEN 1 THEN 2500 ELSE 1500 END FROM n
            """)
        try store.run(
            """
            \(insert) directory_decisions (directory, decision, decided_by, decided_at, asked_at, standing)
            SELECT '/w', 'approved', 'cli', 1500, 1000, i = 1 FROM n
            """)
        #expect(try store.connection.forgetSessions(before: 2000) == 0)
        #expect(try store.number("SELECT count(*) FROM spawn_requests") == 1)
        #expect(try store.number("SELECT count(*) FROM directory_decisions") == 1)
    }

    @Test(arguments: [(5, 75), (15, 50), (40, 25)])
    func aSliceIsAsLargeAsTheDiskIsQuick(milliseconds: Int, size: Int) {
        var slice = PruningSlice()
        slice.adapt(to: .milliseconds(milliseconds))
        #expect(slice.size == size)
    }

    @Test func aChangeOfTheHubIsRecordedOnce() throws {
        let store = try create()
        let id = try store.addRunner()
        for (state, time) in [(HubState.connected, 1000), (.connected, 1001), (.connecting, 1002)] {
            try store.setHubState(state, detail: nil, of: id, at: Timestamp(milliseconds: Int64(time)))
        }
        #expect(try store.hubChanges(since: 0).map(\.state) == [.connected, .connecting])
    }
}
