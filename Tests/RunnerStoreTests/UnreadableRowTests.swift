import Processes
import Testing

@testable import RunnerStore

/// Rows that no version of this program writes, inserted with the checks disabled.
@Suite final class UnreadableRowTests: StoreTests {
    private func withGoodAndBad(_ damage: String) throws -> Writing {
        let store = try create()
        let runner = try store.addRunner()
        for id in ["bad", "good"] {
            try store.insertSession(.sample(id, runner: runner))
            try store.insertSpawnRequest(.sample(id, session: id))
        }
        try store.execute("PRAGMA ignore_check_constraints = ON; \(damage)")
        return store
    }

    @Test(arguments: [
        "UPDATE sessions SET started_by = 'magic' WHERE id = 'bad'",
        "UPDATE launches SET phase = 'flying' WHERE id = 'bad'",
    ])
    func aSessionThatCannotBeReadIsLeftOutAndCounted(damage: String) throws {
        let store = try withGoodAndBad(damage)
        #expect(store.unreadableRows == 0)
        #expect(try store.liveSessions().map(\.id) == ["good"])
        #expect(store.unreadableRows == 1)
        #expect(try store.session("bad") == nil)
        #expect(store.unreadableRows == 2)
    }

    @Test(arguments: ["source = 'pigeon'", "outcome = 'maybe'"])
    func aSpawnRequestThatCannotBeReadIsLeftOutAndCounted(damage: String) throws {
        let store = try withGoodAndBad("UPDATE spawn_requests SET \(damage) WHERE id = 'bad'")
        #expect(try store.spawnRequest("bad") == nil)
        #expect(store.unreadableRows == 1)
        #expect(try store.spawnRequest("good")?.id == "good")
    }

    @Test func aRunnerThatCannotBeReadIsLeftOutAndCounted() throws {
        let store = try withGoodAndBad("UPDATE runners SET hub_state = 'lost'")
        try store.addRunner(pid: 2)
        #expect(try store.newestRunners(limit: 9).map(\.process.pid) == [2])
        #expect(store.unreadableRows == 1)
    }

    @Test func anExitThatCannotBeReadDoesNotHideItsSession() throws {
        let store = try withGoodAndBad("INSERT INTO exits (launch_id, reason, at) VALUES ('bad', 'bored', 1)")
        #expect(try store.liveSessions().map(\.id) == ["bad", "good"])
        #expect(try store.session("bad")?.exit == nil)
    }

    @Test(arguments: [Int64.min, -1, 99_999_999_999, Int64.max])
    func aNumberOutOfRangeDoesNotTrap(number: Int64) throws {
        let store = try withGoodAndBad(
            """
            UPDATE launches SET phase = 'launched', pid = \(number), start = \(number) WHERE id = 'bad';
            UPDATE sessions SET created_at = \(number) WHERE id = 'bad';
            INSERT INTO exits (launch_id, reason, code, helpers, at)
            VALUES ('bad', 'exited', \(number), \(number), \(number))
            """)
        let session = try #require(try store.session("bad"))
        #expect(session.createdAt.milliseconds == number)
        #expect(!session.createdAt.iso8601.isEmpty)
        #expect(session.exit?.reason.name == "exited")
    }

    @Test func aSessionWithoutItsLaunchIsNotInvented() throws {
        let store = try withGoodAndBad("DELETE FROM launches WHERE id = 'bad'")
        #expect(try store.sessions(.oldestFirst, limit: .max).sessions.map(\.id) == ["good"])
    }
}
