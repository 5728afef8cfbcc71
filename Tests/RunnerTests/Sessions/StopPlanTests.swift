import Processes
import RunnerStore
import Testing
import UnitTestSupport

@testable import Runner

@Suite struct StopPlanTests {
    @Test(arguments: [
        (Standing.unclaimed, StopPlan.withdraw), (.launching, .end), (.lost, .end), (.alive, .end),
        (.closing, .end), (.elsewhere, .leave), (.stale, .end),
        (.over(ExitRecord(.vanished, at: 5)), .end),
    ])
    func whatAStopDoesFollowsFromHowTheSessionStands(standing: Standing, plan: StopPlan) {
        #expect(StopPlan(.sample(), standing) == plan)
    }

    @Test func onlyAnEndOnRecordIsGoneAlready() {
        var session = SessionRecord.sample()
        session.exit = ExitRecord(.exited(code: 0), at: 5)
        #expect(StopPlan(session, .alive) == .alreadyGone)
        session.exit = nil
        session.endedAt = 5
        #expect(StopPlan(session, .elsewhere) == .alreadyGone)
    }
}

@Suite struct RosterTests {
    private static func session(_ id: String, _ process: ProcessIdentity?, reported: String?) -> SessionRecord
    {
        var session = SessionRecord.sample(id, monitor: 900, reported: reported)
        session.launch.process = process
        return session
    }

    @Test func aProcessBelongsToItsSessionUntilThatIsForgotten() {
        var roster = Roster()
        roster.note("a", monitor: .sample(900), process: nil)
        roster.note("a", monitor: nil, process: .sample(901))
        #expect(roster.sessions(of: [.sample(901)]) == ["a"])
        #expect(roster.sessions(of: [.sample(5), .sample(900), .sample(901)]) == ["a"])
        #expect(roster.monitors == [.sample(900): "a"])
        roster.forget("a")
        #expect(roster.sessions(of: [.sample(900), .sample(901)]).isEmpty)
        #expect(roster.monitors.isEmpty)
    }

    @Test func whatWasGivenToAnotherSessionStaysWithIt() {
        var roster = Roster()
        roster.note("a", monitor: .sample(900), process: nil)
        roster.note("b", monitor: .sample(900), process: nil)
        roster.forget("a")
        #expect(roster.sessions(of: [.sample(900)]) == ["b"])
    }

    @Test func whatHasReportedAndLivesIsListedInOrder() {
        var roster = Roster()
        roster.note(Self.session("b", ProcessTable.current, reported: "hb"))
        roster.note(
            Self.session("gone", ProcessIdentity(pid: ProcessTable.current.pid, start: 1), reported: "h"))
        roster.note(Self.session("silent", ProcessTable.current, reported: nil))
        roster.note(Self.session("a", ProcessTable.current, reported: "ha"))
        #expect(roster.reported().map(\.happySessionID) == ["hb", "ha"])
        #expect(roster.reported().map(\.pid) == [ProcessTable.current.pid, ProcessTable.current.pid])
    }

    @Test func rowsOfAnotherHostAreNotTakenUp() {
        var roster = Roster()
        roster.note(.sample("x", host: .elsewhere, monitor: 900, process: 901, reported: "h"))
        #expect(roster.sessions(of: [.sample(900), .sample(901)]).isEmpty)
    }
}
