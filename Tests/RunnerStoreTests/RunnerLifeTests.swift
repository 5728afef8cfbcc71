import Processes
import Testing

@testable import RunnerStore

@Suite final class RunnerLifeTests: StoreTests {
    @Test func whatALifeRecordsIsRead() throws {
        let store = try create()
        var life = RunnerRecord.sample()
        life.httpPort = 46735
        let id = try store.beginRunner(life)
        try store.setHubState(.unauthorized, detail: "the hub refuses the token", of: id, at: 1100)
        try store.markStopping(id, at: 1500)
        let runner = try #require(try store.newestRunners(limit: 1).first)
        #expect(runner.httpPort == 46735)
        #expect(runner.hubState == .unauthorized)
        #expect(runner.hubDetail == "the hub refuses the token")
        #expect(runner.stoppingAt == 1500)
        #expect(runner.version == "0.1.0" && runner.hubURL == "http://hub" && runner.machineID == "4abfd7f8")
        #expect(runner.startedAt == 1000 && runner.endedAt == nil && runner.endReason == nil)
    }

    static let reasons: [RunnerEndReason] = [.cli, .app, .signal, .exception, .replaced, .crashed]

    @Test(arguments: reasons)
    func aLifeEndsOnce(reason: RunnerEndReason) throws {
        let store = try create()
        let id = try store.addRunner()
        try store.endRunner(id, reason, detail: "why", at: reason == .crashed ? nil : 1600)
        try store.endRunner(id, .exception, detail: "again", at: 1700)
        let runner = try #require(try store.newestRunners(limit: 1).first)
        #expect(runner.endReason == reason)
        #expect(runner.endDetail == "why")
        #expect(runner.endedAt == (reason == .crashed ? nil : 1600))
        #expect(try store.unendedRunners().isEmpty)
    }

    @Test func livesAreListedNewestFirst() throws {
        let store = try create()
        let ids = try (1...3).map { try store.addRunner(pid: $0) }
        try store.endRunner(ids[1], .cli, detail: nil, at: 1100)
        #expect(try store.newestRunners(limit: 2).map(\.id) == [ids[2], ids[1]])
        #expect(try store.unendedRunners().map(\.id) == [ids[2], ids[0]])
    }

    @Test func whatAStopSparesIsOnThisHost() throws {
        let store = try create()
        let runner = try store.addRunner(pid: 1)
        for (id, monitor) in [("own", 11), ("other", 12), ("over", 13)] as [(String, Int32)] {
            try store.insertSession(.sample(id, runner: runner))
            #expect(try store.claimLaunch(id, by: ProcessIdentity(pid: monitor, start: 5000), at: 2001))
        }
        _ = try store.finish("over", unlessRecorded: ExitRecord(.vanished, at: 2002))
        let spared = try store.ownProcesses(besides: "own", at: .sample)
        #expect(Set(spared.map(\.pid)) == [1, 12])
        let elsewhere = HostIdentity(machine: "machine", bootID: "boot", pidNamespace: 4_026_531_837)
        #expect(try store.ownProcesses(besides: "own", at: elsewhere).isEmpty)
    }

    @Test func theLastHeartbeatsAreKeptWhateverTheClockSaid() throws {
        let store = try create()
        let id = try store.addRunner()
        for time: Timestamp in [1000, 2000, 90_000_000_000, 3000, 4000] {
            let beat = HeartbeatRecord(
                liveSessions: 2, pruned: 0, residentBytes: 20_000_000, load1m: 0.26, suspended: 0)
            try store.recordHeartbeat(beat, of: id, at: time, keeping: 3)
        }
        #expect(
            try store.rows("SELECT at FROM heartbeats ORDER BY rowid") { $0.integer() }
                == [90_000_000_000, 3000, 4000])
        #expect(try store.newestRunners(limit: 1).first?.lastHeartbeatAt == 4000)
    }

    @Test func aHeartbeatTellsHowTheHubStands() throws {
        let store = try create()
        let id = try store.addRunner()
        try store.setHubState(.connected, detail: nil, of: id, at: 900)
        let beat = HeartbeatRecord(
            liveSessions: 0, pruned: 0, residentBytes: nil, load1m: nil, suspended: nil)
        try store.recordHeartbeat(beat, of: id, at: 1000, keeping: 9)
        #expect(try store.word("SELECT hub_state FROM heartbeats") == "connected")
        let measured = "SELECT count(*) FROM heartbeats WHERE resident_bytes IS NULL AND load_1m IS NULL"
        #expect(try store.number(measured) == 1)
    }
}
