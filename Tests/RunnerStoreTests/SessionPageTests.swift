import RunnerStore
import Testing

@Suite final class SessionPageTests: StoreTests {
    private func ids(_ store: Writing, _ order: SessionPage.Order, by size: Int) throws -> [[String]] {
        var pages: [[String]] = []
        var place: SessionPage.Place?
        repeat {
            let page = try store.sessions(order, after: place, limit: size)
            pages.append(page.sessions.map(\.id))
            place = page.next
        } while place != nil
        return pages
    }

    @Test func everySessionIsOnOnePage() throws {
        let store = try create()
        let runner = try store.addRunner()
        for id in ["d", "b", "a", "c", "e"] { try store.insertSession(.sample(id, runner: runner)) }
        #expect(try ids(store, .oldestFirst, by: 2) == [["d", "b"], ["a", "c"], ["e"]])
        #expect(try ids(store, .newestFirst, by: 3) == [["e", "c", "a"], ["b", "d"]])
        #expect(try ids(store, .newestFirst, by: 5) == [["e", "c", "a", "b", "d"], []])
    }

    /// Rows of older versions are ordered by time only.
    @Test func rowsWithoutANumberGoByTheirTime() throws {
        let store = try create()
        let runner = try store.addRunner()
        for id in ["b", "a", "c"] { try store.insertSession(.sample(id, runner: runner)) }
        try store.execute(
            "UPDATE sessions SET sequence = 0; UPDATE sessions SET created_at = 1 WHERE id = 'c'")
        #expect(try ids(store, .oldestFirst, by: 1).flatMap { $0 } == ["c", "a", "b"])
    }

    /// A page of unreadable rows only is not the last one.
    @Test func unreadableRowsAreNoEnd() throws {
        let store = try create()
        let runner = try store.addRunner()
        for id in ["a", "b", "c"] { try store.insertSession(.sample(id, runner: runner)) }
        try store.execute("PRAGMA ignore_check_constraints = ON")
        try store.execute("UPDATE sessions SET started_by = 'nobody' WHERE id = 'b'")
        #expect(try ids(store, .oldestFirst, by: 1).flatMap { $0 } == ["a", "c"])
    }
}
