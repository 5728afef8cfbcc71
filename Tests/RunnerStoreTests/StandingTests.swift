import RunnerStore
import Testing
import UnitTestSupport

@testable import Processes

/// What was recorded before the runner looked, what it observed, and what is recorded afterwards.
struct StandingCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let session: SessionRecord
    var monitor: Observation?
    var process: Observation?
    let standing: Standing
}

@Suite struct StandingTests {
    static let now: Timestamp = 9000

    private static func vanished(_ message: String) -> Standing {
        .over(ExitRecord(.vanished, message: message, at: now))
    }

    static let unseen = vanished("it ended while nothing could record how")
    static let withdrawn = Standing.over(
        ExitRecord(.launchFailed, message: "it was withdrawn before it started", at: now))
    static let restarted = vanished("the machine was restarted")
    static let exit = ExitRecord(.exited(code: 3), at: 8000)

    private static func ended(_ phase: LaunchPhase, host: HostIdentity = .current) -> SessionRecord {
        var session = SessionRecord.sample("s", phase, host: host, monitor: 300, process: 301)
        session.exit = exit
        return session
    }

    static let requested = SessionRecord.sample("s", .requested)
    static let claimed = SessionRecord.sample("s", .claimed, monitor: 300)
    static let launched = SessionRecord.sample("s", .launched, monitor: 300, process: 301)
    static let terminal = SessionRecord.sample("s", .launched, process: 301, origin: .terminal)

    static let cases: [StandingCase] =
        recorded + [
            StandingCase(
                testDescription: "asked for, claimed by nobody", session: requested, standing: .unclaimed),
            StandingCase(
                testDescription: "asked for before a restart",
                session: .sample("s", .requested, host: .beforeRestart), standing: .unclaimed),
            StandingCase(
                testDescription: "withdrawn, its end not noted", session: .sample("s", .withdrawn),
                standing: withdrawn),
            StandingCase(
                testDescription: "claimed, its monitor at work", session: claimed, monitor: .alive,
                standing: .launching),
            StandingCase(
                testDescription: "claimed, its monitor killed", session: claimed, monitor: .gone,
                standing: .lost),
            StandingCase(
                testDescription: "claimed before a restart", session: claimed, monitor: .rebooted,
                standing: restarted),
            StandingCase(
                testDescription: "claimed after the look", session: claimed, standing: .stale),
            StandingCase(
                testDescription: "launched after the look", session: launched, monitor: .alive,
                standing: .stale
            ),
            StandingCase(
                testDescription: "launched after the look, its monitor gone since", session: launched,
                monitor: .gone, standing: .stale),
            StandingCase(
                testDescription: "claimed and launched after the look", session: launched, standing: .stale
            ),
            StandingCase(
                testDescription: "alive under its monitor", session: launched, monitor: .alive,
                process: .alive,
                standing: .alive),
            StandingCase(
                testDescription: "alive, its monitor killed", session: launched, monitor: .gone,
                process: .alive,
                standing: .alive),
            StandingCase(
                testDescription: "alive in a terminal", session: terminal, process: .alive, standing: .alive),
            StandingCase(
                testDescription: "over, its monitor about to say how", session: launched, monitor: .alive,
                process: .gone, standing: .closing),
            StandingCase(
                testDescription: "over, and its monitor with it", session: launched, monitor: .gone,
                process: .gone, standing: unseen),
            StandingCase(
                testDescription: "over in a terminal", session: terminal, process: .gone, standing: unseen),
            StandingCase(
                testDescription: "launched before a restart", session: launched, monitor: .rebooted,
                process: .rebooted, standing: restarted),
            StandingCase(
                testDescription: "in a terminal before a restart", session: terminal, process: .rebooted,
                standing: restarted),
            StandingCase(
                testDescription: "its monitor elsewhere", session: claimed, monitor: .unverifiable,
                standing: .elsewhere),
            StandingCase(
                testDescription: "its process elsewhere", session: launched, monitor: .unverifiable,
                process: .unverifiable, standing: .elsewhere),
            StandingCase(
                testDescription: "asked for elsewhere", session: .sample("s", .requested, host: .elsewhere),
                standing: .elsewhere),
            StandingCase(
                testDescription: "launched elsewhere after the look",
                session: .sample("s", .launched, host: .elsewhere, process: 301), standing: .elsewhere),
        ]

    /// Whatever is observed, a recorded exit is final.
    static let recorded: [StandingCase] = [LaunchPhase.requested, .claimed, .launched, .withdrawn].flatMap {
        (phase: LaunchPhase) in
        [Observation.alive, .gone, .unverifiable].map { (sight: Observation) in
            StandingCase(
                testDescription: "\(phase), its end on record, \(sight)",
                session: ended(phase, host: .elsewhere),
                monitor: sight, process: sight, standing: .over(exit))
        }
    }

    @Test(arguments: cases)
    func eachSessionIsJudgedByItsRowAndWhatWasSeen(case one: StandingCase) {
        let seen = SessionObservation(monitor: one.monitor, process: one.process)
        #expect(Standing(one.session, seen, at: Self.now) == one.standing)
    }

    /// The standing and the shown state never contradict each other.
    @Test(arguments: SessionStateTests.looks)
    func nothingThatIsShownAsEndedIsTakenForAlive(look: SessionStateTests.Look) {
        let session = SessionRecord.sample(
            "s", look.phase, monitor: look.seen.monitor == nil ? nil : 300,
            process: look.seen.process == nil ? nil : 301)
        let standing = Standing(session, look.seen, at: Self.now)
        if standing == .alive { #expect(look.state == .starting) }
        if case .over = standing { #expect(look.state == .ended) }
        if standing == .lost { #expect(look.state == .unverifiable) }
    }
}
