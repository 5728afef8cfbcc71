import RunnerStore
import Testing
import UnitTestSupport

@testable import Processes

@Suite struct SessionStateTests {
    /// The possible observations of a recorded process; nil if none is recorded.
    static let sights: [Observation?] = [nil, .alive, .gone, .rebooted]

    struct Look: Sendable, CustomTestStringConvertible {
        let phase: LaunchPhase
        let seen: SessionObservation
        let state: SessionState
        var testDescription: String {
            "\(phase), monitor \(seen.monitor.map { "\($0)" } ?? "none"), process \(seen.process.map { "\($0)" } ?? "none")"
        }
    }

    /// Every phase with every observation, and the state of a session without other facts.
    static let looks: [Look] = sights.flatMap { monitor in
        sights.flatMap { process in
            let seen = SessionObservation(monitor: monitor, process: process)
            return [
                Look(phase: .requested, seen: seen, state: .requested),
                Look(phase: .claimed, seen: seen, state: claimed(monitor)),
                Look(phase: .launched, seen: seen, state: process == .alive ? .starting : .ended),
                Look(phase: .withdrawn, seen: seen, state: .ended),
            ]
        }
    }

    /// A monitor killed during the launch may have left a process or not.
    private static func claimed(_ monitor: Observation?) -> SessionState {
        switch monitor {
        case .alive: .starting
        case .rebooted: .ended
        default: .unverifiable
        }
    }

    @Test(arguments: looks)
    func theStateFollowsFromThePhaseAndWhatIsSeen(look: Look) {
        #expect(SessionRecord.sample("s", look.phase).state(look.seen) == look.state)
    }

    @Test(arguments: looks)
    func aReportMakesAStartingSessionARunningOne(look: Look) {
        let session = SessionRecord.sample("s", look.phase, reported: "h")
        #expect(session.state(look.seen) == (look.state == .starting ? .running : look.state))
    }

    @Test(arguments: looks)
    func aLaunchedSessionThatWasAdoptedIsRunningWithoutAReport(look: Look) {
        var session = SessionRecord.sample("s", look.phase)
        session.adoptedAt = 5
        let runs = look.state == .starting && look.phase == .launched
        #expect(session.state(look.seen) == (runs ? .running : look.state))
    }

    @Test(arguments: looks, [nil, "h"])
    func aStopThatWasAskedForShowsOnlyWhileThereIsSomethingToStop(look: Look, reported: String?) {
        var session = SessionRecord.sample("s", look.phase, reported: reported)
        session.stopRequestedAt = 5
        session.stoppedBy = .hub
        #expect(session.state(look.seen) == (look.state == .starting ? .stopping : look.state))
    }

    @Test(arguments: looks)
    func aRecordedEndIsStrongerThanAnythingSeen(look: Look) {
        var session = SessionRecord.sample("s", look.phase, host: .elsewhere, reported: "h")
        session.exit = ExitRecord(.exited(code: 0), at: 5)
        #expect(session.state(look.seen) == .ended)
        session.exit = nil
        session.endedAt = 5
        #expect(session.state(look.seen) == .ended)
        #expect(session.state(SessionObservation(monitor: .unverifiable, process: .unverifiable)) == .ended)
    }

    @Test(arguments: [LaunchPhase.requested, .claimed, .launched], sights)
    func notKnowingIsAState(phase: LaunchPhase, sight: Observation?) {
        var session = SessionRecord.sample("s", phase, reported: "h")
        session.stopRequestedAt = 5
        #expect(session.state(SessionObservation(monitor: .unverifiable, process: sight)) == .unverifiable)
        #expect(session.state(SessionObservation(monitor: sight, process: .unverifiable)) == .unverifiable)
    }

    @Test(arguments: looks.filter { $0.phase != .withdrawn })
    func nothingIsKnownOfAnotherMachine(look: Look) {
        let session = SessionRecord.sample("s", look.phase, host: .elsewhere)
        #expect(session.state(look.seen) == .unverifiable)
    }

    @Test func theHostIsThisOneHereAndNowOrBeforeARestart() {
        let here = HostIdentity.current
        let container = HostIdentity(machine: here.machine, bootID: here.bootID, pidNamespace: 1)
        #expect(here.isHere)
        #expect(HostIdentity.beforeRestart.isHere)
        #expect(!HostIdentity.elsewhere.isHere)
        #expect(!container.isHere)
    }

    @Test func stateNowLooksAtTheProcessesThemselves() {
        var session = SessionRecord.sample()
        session.launch.process = ProcessTable.current
        #expect(session.stateNow == .starting)
        // Whatever happened to its monitor.
        session.launch.monitor = ProcessIdentity(pid: ProcessTable.current.pid, start: 1)
        #expect(session.stateNow == .starting)
        session.launch.process = ProcessIdentity(pid: ProcessTable.current.pid, start: 1)
        #expect(session.stateNow == .ended)
    }
}
