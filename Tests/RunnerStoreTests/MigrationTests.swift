import FoundationEssentials
import Processes
import Testing
import UnitTestSupport

@testable import Processes
@testable import RunnerStore

@Suite final class MigrationTests: StoreTests {
    private static let migrations =
        URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        + "/migrations"

    @Test func theProgramHoldsEveryMigrationOfTheFolderByteForByte() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.migrations).sorted()
        #expect(Migration.all.map { "\($0.name).sql" } == files)
        for migration in Migration.all {
            let file = URL(fileURLWithPath: "\(Self.migrations)/\(migration.name).sql")
            #expect(try Data(migration.sql.utf8) == Data(contentsOf: file))
        }
    }

    @Test func versionsCountUpFromOneAndNamesSayThem() {
        #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
        #expect(Store.schemaVersion == Migration.all.count)
        for migration in Migration.all {
            let number = String(migration.version)
            let padded = String(repeating: "0", count: 4 - number.count) + number
            #expect(migration.name.hasPrefix("m\(padded)_"))
        }
    }

    @Test func migratingAgainChangesNothing() throws {
        let store = try create()
        let before = try store.number("PRAGMA schema_version")
        try Migration.bringUpToDate(store.connection)
        _ = try create()
        #expect(try store.number("PRAGMA schema_version") == before)
    }

    @Test func aMigrationThatFailsLeavesNothingBehind() throws {
        // The second half of the migration fails because of this table.
        try makeDatabase("PRAGMA application_id = 0x48415049; CREATE TABLE heartbeats (a)")
        #expect(throws: StoreError.self) { try self.create() }
        let store = try Writing(path: path, mode: .existing)
        #expect(try store.number("PRAGMA user_version") == 0)
        #expect(try store.rows("SELECT name FROM sqlite_schema") { $0.text() } == ["heartbeats"])
    }

    @Test func manyWhoOpenANewStoreAtOnceAllFindItReady() async throws {
        let path = path
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for pid in 1...8 {
                group.addTask {
                    try await onThread {
                        let store = try Writing(path: path, mode: .create)
                        try store.addRunner(pid: Int32(pid))
                        return try store.newestRunners(limit: 100).count
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.max() == 8)
        #expect(try create().newestRunners(limit: 100).count == 8)
    }

    /// SQLite itself doesn't wait for a lock when it switches to a write-ahead log.
    @Test(arguments: ["BEGIN; SELECT count(*) FROM sqlite_schema", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
    func whoOpensANewStoreWaitsForTheOthersAtIt(hold: String) async throws {
        try makeDatabase("PRAGMA journal_mode = DELETE")
        let other = try Writing(path: path, mode: .existing)
        try other.execute(hold)
        let path = path
        async let opened = onThread {
            try Writing(path: path, mode: .create).newestRunners(limit: 1).count
        }
        try await Task.sleep(for: .milliseconds(200))
        try other.execute("COMMIT")
        #expect(try await opened == 0)
    }

    @Test func whoOpensAStoreThatIsNeverFreeGivesUp() throws {
        try makeDatabase("PRAGMA journal_mode = DELETE")
        let other = try Writing(path: path, mode: .existing)
        try other.execute("BEGIN EXCLUSIVE")
        let error = storeError { _ = try Writing(path: self.path, mode: .create, busyTimeout: 50) }
        #expect(error?.cause == .busy)
    }
}
