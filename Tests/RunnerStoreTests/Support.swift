import FoundationEssentials
import Glibc
import Processes
import Testing
import UnitTestSupport

@testable import Processes
@testable import RunnerStore

/// A test with a temporary folder and the path of a store in it, removed with the test's instance.
class StoreTests {
    let folder: String
    var path: String { "\(folder)/runner.db" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/store-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        // Errors are ignored: the system cleans its temporary directory.
        try? FileManager.default.removeItem(atPath: folder)
    }

    func create() throws(StoreError) -> Writing { try Writing(path: path, mode: .create) }

    /// Creates a database without our schema.
    func makeDatabase(_ sql: String) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        try Writing(path: path, mode: .existing).execute(sql)
    }

    func bytes(of name: String = "runner.db") throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
}

/// These tests use a connection without an explicit transaction, except where the transaction matters.
extension Writing {
    convenience init(
        path: String, mode: StoreConnection.Mode, busyTimeout: Int32 = 5000, flushing: Bool = true
    ) throws(StoreError) {
        self.init(
            try StoreConnection(path: path, mode: mode, busyTimeout: busyTimeout, flushing: flushing))
    }

    var unreadableRows: Int { connection.unreadableRows }
    func execute(_ sql: String) throws(StoreError) { try connection.execute(sql) }
    func checkIntegrity() throws(StoreError) { try connection.checkIntegrity() }
    func backUp(to path: String) throws(StoreError) { try connection.backUp(to: path) }
    func forgetSessions(before date: Timestamp) throws(StoreError) -> Int {
        try connection.forgetSessions(before: date)
    }

    /// The first column of the first row.
    func number(_ sql: String) throws(StoreError) -> Int64? { try rows(sql) { $0.integer() }.first }
    func word(_ sql: String) throws(StoreError) -> String? { try rows(sql) { $0.text() }.first }

    /// Inserts a life of the runner.
    @discardableResult
    func addRunner(pid: Int32 = 100, at time: Timestamp = 1000) throws(StoreError) -> Int64 {
        try beginRunner(.sample(pid: pid, at: time))
    }
}

extension HostIdentity {
    static let sample = HostIdentity(machine: "machine", bootID: "boot", pidNamespace: 4_026_531_836)
}

extension RunnerRecord {
    static func sample(pid: Int32 = 100, at time: Timestamp = 1000) -> RunnerRecord {
        RunnerRecord(
            process: ProcessIdentity(pid: pid, start: 5000), host: .sample, version: "0.1.0",
            programModifiedAt: 1_795_333_205_279.5, hubURL: "http://hub", hubState: .connecting,
            machineID: "4abfd7f8", logPath: "/home/dev/.hapi/logs/a-runner.log", startedAt: time)
    }
}

extension SessionRecord {
    /// A requested session that is not launched yet.
    static func sample(
        _ id: String, runner: Int64?, requested: String? = nil, at time: Timestamp = 2000,
        launch: LaunchRecord = LaunchRecord(phase: .requested, host: .sample)
    ) -> SessionRecord {
        SessionRecord(
            id: id, runnerID: runner, origin: runner == nil ? .terminal : .runner, agent: "claude",
            directory: "/home/dev/work", logPath: "/logs/\(id).log", requestedSessionID: requested,
            createdAt: time, launch: launch)
    }
}

extension SpawnRequestRecord {
    static func sample(
        _ id: String, session: String? = nil, at time: Timestamp = 2000, outcome: SpawnOutcomeKind = .pending,
        error: String? = nil
    ) -> SpawnRequestRecord {
        SpawnRequestRecord(
            id: id, source: .hub, sessionID: session, directory: "/home/dev/work", agent: "claude",
            requestedAt: time, outcome: outcome, error: error)
    }
}

/// The error that `body` throws; records an issue if it throws none.
func storeError(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> StoreError? {
    #expect(throws: StoreError.self, sourceLocation: sourceLocation) { try body() }
}
