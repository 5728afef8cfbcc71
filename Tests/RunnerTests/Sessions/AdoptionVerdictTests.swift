import RunnerStore
import Testing

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner
@testable import SessionProcess

/// What was on record before the runner looked, what it saw, and what is on record after.
struct AdoptionCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let session: SessionRecord
    var monitor: Observation?
    var process: Observation?
    let verdict: AdoptionVerdict
}

@Suite struct AdoptionVerdictTests {
    static let now: Timestamp = 9000

    private static func vanished(_ message: String) -> AdoptionVerdict {
        .finish(ExitRecord(.vanished, message: message, at: now))
    }

    static let unseen = vanished("it ended while nobody was there to see how")
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

    static let cases: [AdoptionCase] =
        recorded + [
            AdoptionCase(
                testDescription: "asked for, claimed by nobody", session: requested, verdict: .withdraw),
            AdoptionCase(
                testDescription: "asked for before a restart",
                session: .sample("s", .requested, host: .beforeRestart), verdict: .withdraw),
            AdoptionCase(
                testDescription: "withdrawn, its end not noted", session: .sample("s", .withdrawn),
                verdict: .withdraw),
            AdoptionCase(
                testDescription: "claimed, its monitor at work", session: claimed, monitor: .alive,
                verdict: .wait),
            AdoptionCase(
                testDescription: "claimed, its monitor killed", session: claimed, monitor: .gone,
                verdict: .search),
            AdoptionCase(
                testDescription: "claimed before a restart", session: claimed, monitor: .rebooted,
                verdict: restarted),
            AdoptionCase(
                testDescription: "claimed after the look", session: claimed, verdict: .lookAgain),
            AdoptionCase(
                testDescription: "launched after the look", session: launched, monitor: .alive,
                verdict: .lookAgain
            ),
            AdoptionCase(
                testDescription: "launched after the look, its monitor gone since", session: launched,
                monitor: .gone, verdict: .lookAgain),
            AdoptionCase(
                testDescription: "claimed and launched after the look", session: launched, verdict: .lookAgain
            ),
            AdoptionCase(
                testDescription: "alive under its monitor", session: launched, monitor: .alive,
                process: .alive,
                verdict: .adopt),
            AdoptionCase(
                testDescription: "alive, its monitor killed", session: launched, monitor: .gone,
                process: .alive,
                verdict: .adopt),
            AdoptionCase(
                testDescription: "alive in a terminal", session: terminal, process: .alive, verdict: .adopt),
            AdoptionCase(
                testDescription: "over, its monitor about to say how", session: launched, monitor: .alive,
                process: .gone, verdict: .wait),
            AdoptionCase(
                testDescription: "over, and its monitor with it", session: launched, monitor: .gone,
                process: .gone, verdict: unseen),
            AdoptionCase(
                testDescription: "over in a terminal", session: terminal, process: .gone, verdict: unseen),
            AdoptionCase(
                testDescription: "launched before a restart", session: launched, monitor: .rebooted,
                process: .rebooted, verdict: restarted),
            AdoptionCase(
                testDescription: "in a terminal before a restart", session: terminal, process: .rebooted,
                verdict: restarted),
            AdoptionCase(
                testDescription: "its monitor elsewhere", session: claimed, monitor: .unverifiable,
                verdict: .leave),
            AdoptionCase(
                testDescription: "its process elsewhere", session: launched, monitor: .unverifiable,
                process: .unverifiable, verdict: .leave),
            AdoptionCase(
                testDescription: "asked for elsewhere", session: .sample("s", .requested, host: .elsewhere),
                verdict: .leave),
            AdoptionCase(
                testDescription: "launched elsewhere after the look",
                session: .sample("s", .launched, host: .elsewhere, process: 301), verdict: .leave),
        ]

    /// Whatever was seen, a recorded end is the end.
    static let recorded: [AdoptionCase] = [LaunchPhase.requested, .claimed, .launched, .withdrawn].flatMap {
        (phase: LaunchPhase) in
        [Observation.alive, .gone, .unverifiable].map { (sight: Observation) in
            AdoptionCase(
                testDescription: "\(phase), its end on record, \(sight)",
                session: ended(phase, host: .elsewhere),
                monitor: sight, process: sight, verdict: .finish(exit))
        }
    }

    @Test(arguments: cases)
    func eachSessionIsJudgedByItsRowAndWhatWasSeen(case one: AdoptionCase) {
        let seen = SessionObservation(monitor: one.monitor, process: one.process)
        #expect(AdoptionVerdict.on(one.session, seen, at: Self.now) == one.verdict)
    }

    /// Adopting and showing never contradict each other.
    @Test(arguments: SessionStateTests.looks)
    func nothingThatIsShownAsEndedIsAdopted(look: SessionStateTests.Look) {
        let session = SessionRecord.sample(
            "s", look.phase, monitor: look.seen.monitor == nil ? nil : 300,
            process: look.seen.process == nil ? nil : 301)
        let verdict = AdoptionVerdict.on(session, look.seen, at: Self.now)
        if verdict == .adopt { #expect(look.state == .starting) }
        if case .finish = verdict { #expect(look.state == .ended) }
        if verdict == .search { #expect(look.state == .unverifiable) }
    }
}
