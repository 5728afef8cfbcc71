import FoundationEssentials
import Processes
import Testing

@testable import Processes
@testable import RunnerStore

/// Every released schema, as a text dump of a store that used it.
@Suite final class FixtureTests: StoreTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures"

    private func restore(version: Int) throws {
        let dump = try Data(contentsOf: URL(fileURLWithPath: "\(Self.folder)/schema-\(version).sql"))
        try makeDatabase(String(decoding: dump, as: UTF8.self))
    }

    @Test func everySchemaHasItsFixture() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
        #expect(files == (1...Store.schemaVersion).map { "schema-\($0).sql" })
    }

    @Test func theFirstSchemaIsStillTheOneThatShipped() throws {
        let query = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name"
        try restore(version: 1)
        let shipped = try Writing(path: path, mode: .existing).rows(query) { $0.text() }
        let fresh = "\(folder)/fresh.db"
        try Data().write(to: URL(fileURLWithPath: fresh))
        let store = try Writing(path: fresh, mode: .existing)
        try store.execute(try #require(Migration.all.first).sql)
        #expect(try store.rows(query) { $0.text() } == shipped)
    }

    @Test(arguments: [StoreConnection.Mode.create, .readOnly])
    func aStoreOfTheFirstSchemaIsRead(mode: StoreConnection.Mode) throws {
        try restore(version: 1)
        let store = try Writing(path: path, mode: mode)
        #expect(
            try Set(store.sessions(.oldestFirst, limit: .max).sessions.map(\.id.last)) == [
                "1", "2", "3", "4", "5", "6", "7", "8",
            ])
        #expect(try Set(store.liveSessions().map(\.id.last)) == ["5", "6", "7", "8"])
        #expect(try store.newestRunners(limit: 9).map(\.endReason) == [nil, .crashed, .cli])
        #expect(try store.unendedRunners().map(\.hubState) == [.unauthorized])
        #expect(try store.pendingSpawnRequests().map(\.agent) == ["kimi"])
        #expect(store.unreadableRows == 0)
    }

    @Test func itsSessionsAreReadWithAllTheirFacts() throws {
        try restore(version: 1)
        let sessions = try create().sessions(.oldestFirst, limit: .max).sessions.sorted { $0.id < $1.id }
        let exits: [ExitReason?] = [
            .exited(code: 3), .signaled(signal: 9), .launchFailed, .vanished, nil, nil, nil, nil,
        ]
        #expect(sessions.map(\.exit?.reason) == exits)
        let phases: [LaunchPhase] = [
            .launched, .launched, .withdrawn, .claimed, .launched, .launched, .requested, .launched,
        ]
        #expect(sessions.map(\.launch.phase) == phases)
        let stopped = sessions[1]
        #expect(stopped.directory == "/home/dev/naïve 😀")
        #expect(stopped.stoppedBy == .hub)
        #expect(stopped.exit?.helpers == 2)
        #expect(stopped.launch.monitor == ProcessIdentity(pid: 203, start: 6003))
        #expect(stopped.launch.process == ProcessIdentity(pid: 204, start: 6004))
        #expect(stopped.requestedSessionID == stopped.happySessionID)
        let elsewhere = HostIdentity(machine: "machine-b", bootID: "boot-9", pidNamespace: 4_026_531_999)
        #expect(sessions[4].origin == .terminal)
        #expect(sessions[4].launch.host == elsewhere)
        #expect(sessions[5].adoptedAt?.iso8601 == "2026-11-22T08:25:01.000Z")
    }

    @Test func itsRequestsAndEventsAreRead() throws {
        try restore(version: 1)
        let store = try create()
        let outcomes = try (1...6).map {
            try store.spawnRequest("30000000-0000-4000-8000-00000000000\($0)")?.outcome
        }
        #expect(outcomes == [.started, .late, .needsApproval, .refused, .failed, .pending])
        let events = try store.events(of: "10000000-0000-4000-8000-000000000001")
        #expect(events.map(\.kind) == ["requested", "reported", "ended"])
    }

    @Test func itGoesOnBeingWritten() throws {
        try restore(version: 1)
        let store = try create()
        let runner = try store.addRunner()
        #expect(runner == 4)
        try store.insertSession(.sample("new", runner: runner))
        let waiting = "10000000-0000-4000-8000-000000000007"
        #expect(try store.claimLaunch(waiting, by: ProcessIdentity(pid: 1, start: 1), at: 9))
        #expect(try store.number("PRAGMA user_version") == Int64(Store.schemaVersion))
        #expect(try store.word("PRAGMA integrity_check") == "ok")
        #expect(try store.rows("PRAGMA foreign_key_check") { $0.text() } == [])
    }
}
