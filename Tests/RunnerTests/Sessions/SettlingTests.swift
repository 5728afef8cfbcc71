import Processes
import Testing
import UnitTestSupport

@testable import Runner
@testable import RunnerStore

/// What is recorded about a session after it was observed.
@Suite final class SettlingTests: FolderTests {
    private func store() throws(StoreError) -> (Writing, earlier: Int64, own: Int64) {
        let store = Writing(try StoreConnection(path: home.store, mode: .create))
        return (store, try store.beginRunner(Self.life), try store.beginRunner(Self.life))
    }

    private static let life = RunnerRecord(
        process: ProcessTable.current, host: .current, version: "0.1.0", programModifiedAt: nil, hubURL: nil,
        hubState: .disabled, machineID: nil, logPath: "/l", startedAt: 1)

    private func session(_ id: String, _ runner: Int64) -> SessionRecord {
        SessionRecord(
            id: id, runnerID: runner, origin: .runner, agent: "claude", directory: "/", createdAt: 1,
            launch: LaunchRecord(phase: .requested, host: .current))
    }

    @Test func aRequestOfAnEarlierLifeThatNobodyClaimedIsWithdrawn() throws {
        let (store, earlier, own) = try store()
        try store.insertSession(session("s", earlier))
        let standing = try store.settle("s", SessionObservation(), by: own)
        guard case .over(let exit)? = standing else { return #expect(standing == nil) }
        #expect(exit.reason == .launchFailed)
        #expect(try store.session("s")?.launch.phase == .withdrawn)
        #expect(try store.session("s")?.endedAt != nil)
        #expect(try store.claimLaunch("s", by: .sample(300), at: 2) == false)
    }

    @Test func aRequestOfThisLifeIsStillBeingLaunched() throws {
        let (store, _, own) = try store()
        try store.insertSession(session("s", own))
        #expect(try store.settle("s", SessionObservation(), by: own) == .unclaimed)
        #expect(try store.session("s")?.launch.phase == .requested)
    }

    @Test func whatLivesIsTakenOverOnce() throws {
        let (store, earlier, own) = try store()
        let seen = SessionObservation(monitor: .alive, process: .alive)
        try store.insertSession(session("s", earlier))
        _ = try store.claimLaunch("s", by: .sample(300), at: 2)
        try store.recordLaunch("s", of: .sample(301), at: 3)
        for _ in 0..<2 { #expect(try store.settle("s", seen, by: own) == .alive) }
        #expect(try store.session("s")?.runnerID == own)
        #expect(try store.events(of: "s").count { $0.kind == "adopted" } == 1)
    }

    @Test func anEndThatNobodySawIsRecordedWithAllItLeavesOpen() throws {
        let (store, _, own) = try store()
        try store.insertSession(session("s", own))
        _ = try store.claimLaunch("s", by: .sample(300), at: 2)
        try store.recordLaunch("s", of: .sample(301), at: 3)
        _ = try store.beginTurn(of: "s", at: 4)
        let standing = try store.settle("s", SessionObservation(monitor: .gone, process: .gone), by: own)
        guard case .over(let exit)? = standing else { return #expect(standing == nil) }
        #expect(exit.reason == .vanished)
        #expect(try store.session("s")?.exit == exit)
        #expect(try store.turns(of: "s").map(\.outcome) == [.lost])
    }

    @Test(arguments: [
        SessionObservation(monitor: .unverifiable, process: .unverifiable),
        SessionObservation(monitor: .alive, process: nil),
        SessionObservation(monitor: .alive, process: .gone),
    ])
    func whatIsNotKnownForSureIsLeftAsItIs(seen: SessionObservation) throws {
        let (store, earlier, own) = try store()
        try store.insertSession(session("s", earlier))
        _ = try store.claimLaunch("s", by: .sample(300), at: 2)
        try store.recordLaunch("s", of: .sample(301), at: 3)
        let before = try store.events(of: "s").count
        _ = try store.settle("s", seen, by: own)
        #expect(try store.session("s")?.endedAt == nil)
        #expect(try store.session("s")?.runnerID == earlier)
        #expect(try store.events(of: "s").count == before)
    }

    // MARK: Reports

    private func report(_ happyID: String, _ lineage: [Int32], terminal: Bool = false) -> SessionReport {
        SessionReport(
            happySessionID: happyID, lineage: lineage.map(ProcessIdentity.sample), launchID: nil,
            directory: "/", agent: "claude", isFromTerminal: terminal)
    }

    @Test func aReportIsTakenForTheSessionItsProcessBelongsTo() throws {
        let (store, _, own) = try store()
        try store.insertSession(session("s", own))
        _ = try store.claimLaunch("s", by: .sample(300), at: 2)
        let outcome = try store.take(report("h", [301, 300, 1]), among: ["s"], by: own)
        guard case .taken(let taken) = outcome else { return #expect(Bool(false), "\(outcome)") }
        #expect(taken.id == "s" && taken.happySessionID == "h")
    }

    @Test func aTerminalsSessionIsFoundWithoutTheRunnersKnowingIt() throws {
        let (store, _, own) = try store()
        var terminal = session("t", own)
        terminal.origin = .terminal
        terminal.launch = LaunchRecord(phase: .launched, host: .current, process: .sample(400))
        try store.insertSession(terminal)
        let outcome = try store.take(report("h", [400, 1], terminal: true), among: [], by: own)
        guard case .taken(let taken) = outcome else { return #expect(Bool(false), "\(outcome)") }
        #expect(taken.id == "t")
        #expect(try store.liveSessions().count == 1)
    }

    @Test func anOwnerThatIsGoneGivesWay() throws {
        let (store, _, own) = try store()
        var owner = session("dead", own)
        owner.launch = LaunchRecord(
            phase: .launched, host: .current, process: ProcessIdentity(pid: 1, start: -1))
        try store.insertSession(owner)
        try store.confirm("dead", as: "h", at: 2)
        guard case .taken(let taken) = try store.take(report("h", [500]), among: [], by: own) else {
            return #expect(Bool(false), "the dead owner was in the way")
        }
        #expect(try store.session("dead")?.exit?.reason == .vanished)
        #expect(taken.origin == .terminal)
    }
}
