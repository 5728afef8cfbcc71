import FoundationEssentials
import Processes
import Testing

@testable import Processes
@testable import RunnerStore

@Suite final class OpeningTests: StoreTests {
    @Test func creatingMakesAFileThatOnlyItsOwnerCanRead() throws {
        let store = try create()
        try store.addRunner()
        for name in ["runner.db", "runner.db-wal", "runner.db-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test func creatingSetsTheSchemaAndTheMark() throws {
        let store = try create()
        #expect(try store.number("PRAGMA user_version") == Int64(Store.schemaVersion))
        #expect(try store.number("PRAGMA application_id") == 0x4841_5049)
    }

    @Test func aCommitIsOnTheDiskInEveryWritingMode() throws {
        let creator = try create()
        let monitor = try Writing(path: path, mode: .existing)
        for store in [creator, monitor] {
            #expect(try store.word("PRAGMA journal_mode") == "wal")
            #expect(try store.number("PRAGMA synchronous") == 2)
        }
        #expect(try creator.number("PRAGMA foreign_keys") == 1)
    }

    @Test func whatWasWrittenIsThereAfterOpeningAgain() throws {
        let id = try create().addRunner(pid: 7)
        for mode in [StoreConnection.Mode.create, .existing, .readOnly] {
            let runner = try #require(
                try Writing(path: path, mode: mode).newestRunners(limit: 1).first)
            #expect(runner.id == id)
            #expect(runner.process == ProcessIdentity(pid: 7, start: 5000))
            #expect(runner.host == .sample)
            #expect(runner.programModifiedAt == 1_795_333_205_279.5)
        }
    }

    @Test(arguments: [StoreConnection.Mode.existing, .readOnly])
    func aMissingFileIsNotMade(mode: StoreConnection.Mode) throws {
        let error = storeError { _ = try Writing(path: self.path, mode: mode) }
        #expect(error?.cause == .missing)
        #expect(error?.description == "cannot open \(path): there is no such file")
        #expect(try files() == [])
    }

    @Test func aReaderCannotWrite() throws {
        try create().addRunner()
        let reader = try Writing(path: path, mode: .readOnly)
        #expect(storeError { try reader.addRunner() }?.cause == .readOnly)
        #expect(try reader.newestRunners(limit: 9).count == 1)
    }

    @Test func aReaderFindsAnEmptyDatabaseToHoldNothingYet() throws {
        try Data().write(to: URL(fileURLWithPath: path))
        let error = storeError { _ = try Writing(path: self.path, mode: .readOnly) }
        #expect(error?.cause == .missing)
        #expect(error?.detail == "it has no schema yet")
    }

    @Test func aFolderThatIsNotThereCannotHoldAStore() {
        let error = storeError { _ = try Writing(path: "\(self.folder)/no/runner.db", mode: .create) }
        #expect(error?.cause == .cannotOpen)
    }

    @Test(arguments: [StoreConnection.Mode.create, .readOnly])
    func aNewerSchemaIsRefusedWithBothVersionsNamed(mode: StoreConnection.Mode) throws {
        try create().execute("PRAGMA user_version = 99")
        let error = storeError { _ = try Writing(path: self.path, mode: mode) }
        #expect(error?.cause == .newerSchema(found: 99, known: Store.schemaVersion))
        let versions = "its schema is version 99, this hapi knows versions up to \(Store.schemaVersion)"
        #expect(error?.description == "cannot open \(path): \(versions)")
        #expect(error?.hint == "use the newer hapi that wrote it")
    }

    @Test func aMonitorWritesToANewerSchema() throws {
        let store = try create()
        try store.insertSession(.sample("s", runner: try store.addRunner()))
        try store.execute("PRAGMA user_version = 99")
        let monitor = try Writing(path: path, mode: .existing)
        #expect(try monitor.claimLaunch("s", by: ProcessIdentity(pid: 5, start: 6), at: 7))
        #expect(try monitor.recordExit("s", ExitRecord(.exited(code: 0), at: 8)))
    }

    static let foreign = [
        "PRAGMA application_id = 42; CREATE TABLE theirs (a)",
        "PRAGMA user_version = 3; CREATE TABLE theirs (a)",
        "PRAGMA application_id = 42",
        "CREATE TABLE theirs (a); INSERT INTO theirs VALUES ('dear to them')",
    ]

    @Test(arguments: foreign, [StoreConnection.Mode.create, .readOnly])
    func aForeignDatabaseIsRefusedAndUntouched(sql: String, mode: StoreConnection.Mode) throws {
        try makeDatabase(sql)
        let before = try bytes()
        let error = storeError { _ = try Writing(path: self.path, mode: mode) }
        #expect(error?.cause == .foreign)
        #expect(error?.hint != nil)
        #expect(try bytes() == before)
    }

    static let garbage = [
        "xy", "not a database", String(repeating: "SQLite format 4\0 garbage ", count: 400),
    ]

    @Test(arguments: garbage, [StoreConnection.Mode.create, .existing, .readOnly])
    func garbageIsRefusedAndUntouched(text: String, mode: StoreConnection.Mode) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let error = storeError {
            // A monitor checks its tables only when it uses them.
            let store = try Writing(path: self.path, mode: mode)
            _ = try store.exit(of: "s")
        }
        #expect(error?.cause == .damaged)
        #expect(error?.path == path)
        #expect(try bytes() == Data(text.utf8))
        #expect(try files() == ["runner.db"])
    }

    @Test func aTruncatedStoreIsAnErrorAndNotAnEmptyOne() throws {
        do {
            let store = try create()
            for index in 0..<200 {
                try store.insertSession(.sample("s\(index)", runner: nil, launch: .running))
            }
        }
        let whole = try bytes()
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
        let error = storeError {
            let store = try Writing(path: self.path, mode: .create)
            _ = try store.sessions(.oldestFirst, limit: .max).sessions
        }
        #expect(error?.cause == .damaged)
    }
}

extension LaunchRecord {
    /// Without a monitor, as from a terminal.
    static let running = LaunchRecord(
        phase: .launched, host: .sample, process: ProcessIdentity(pid: 200, start: 6000))
}
