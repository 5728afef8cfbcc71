import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner

struct ReportCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let live: [SessionRecord]
    /// The pids of the reporting process and its ancestors.
    let lineage: [Int32]
    var launchID: String?
    var happyID = "new"
    let match: ReportMatch
}

@Suite struct ReportMatchTests {
    static let waiting = SessionRecord.sample("a", monitor: 199, process: 200)
    static let confirmed = SessionRecord.sample("a", monitor: 199, process: 200, reported: "old")
    static let terminal = SessionRecord.sample("t", process: 400, origin: .terminal, reported: "old")
    static let other = SessionRecord.sample("b", monitor: 249, process: 250)
    static let claimed = SessionRecord.sample("b", .claimed, monitor: 249)

    static let own = [
        ReportCase(
            testDescription: "the launched process itself", live: [waiting], lineage: [200, 199, 1],
            launchID: "a", match: .session("a")),
        ReportCase(
            testDescription: "the launched process again", live: [confirmed], lineage: [200, 199, 1],
            launchID: "a", happyID: "old", match: .session("a")),
        ReportCase(
            testDescription: "the launched process with another session", live: [confirmed], lineage: [200],
            launchID: "a", match: .session("a")),
        ReportCase(
            testDescription: "a terminal's process again", live: [terminal], lineage: [400, 390, 1],
            happyID: "old", match: .session("t")),
        ReportCase(
            testDescription: "the process itself, whatever launch id it inherited", live: [waiting, other],
            lineage: [250], launchID: "a", match: .session("b")),
    ]

    static let wrapped = [
        ReportCase(
            testDescription: "a child of a wrapper", live: [waiting], lineage: [202, 201, 200, 199, 1],
            launchID: "a", match: .session("a")),
        ReportCase(
            testDescription: "a child of a wrapper that drops the environment", live: [waiting],
            lineage: [201, 200], match: .session("a")),
        ReportCase(
            testDescription: "a child of a wrapper again", live: [confirmed], lineage: [201, 200],
            launchID: "a", happyID: "old", match: .session("a")),
        ReportCase(
            testDescription: "a process that left its wrapper", live: [waiting], lineage: [300, 199, 1],
            launchID: "a", match: .session("a")),
        ReportCase(
            testDescription: "a process that left its wrapper and its environment", live: [waiting],
            lineage: [300, 199, 1], match: .session("a")),
        ReportCase(
            testDescription: "a process that left its wrapper, its monitor gone", live: [waiting],
            lineage: [300, 1], launchID: "a", match: .session("a")),
        ReportCase(
            testDescription: "faster than its monitor could record it", live: [claimed],
            lineage: [250, 249, 1],
            launchID: "b", match: .session("b")),
    ]

    static let nested = [
        ReportCase(
            testDescription: "a session started inside a session", live: [confirmed],
            lineage: [210, 205, 200, 199, 1], launchID: "a", match: .newcomer),
        ReportCase(
            testDescription: "a session started inside a terminal's", live: [terminal],
            lineage: [410, 400, 1],
            match: .newcomer),
        ReportCase(
            testDescription: "a session started inside a terminal's that has not reported",
            live: [.sample("t", process: 400, origin: .terminal)], lineage: [410, 400, 1], match: .newcomer),
        ReportCase(
            testDescription: "a session started inside a session, and detached", live: [confirmed],
            lineage: [210, 199, 1], launchID: "a", match: .newcomer),
        ReportCase(
            testDescription: "the nearest of two sessions above", live: [confirmed, other],
            lineage: [260, 250, 249, 200, 199, 1], launchID: "b", match: .session("b")),
        ReportCase(
            testDescription: "launched by a runner inside a session, wrapped", live: [confirmed, other],
            lineage: [260, 249, 205, 200, 199, 1], launchID: "b", match: .session("b")),
        ReportCase(
            testDescription: "launched by a runner inside a session, faster than its monitor",
            live: [confirmed, claimed], lineage: [250, 249, 205, 200, 199, 1], launchID: "b",
            match: .session("b")),
    ]

    static let strangers = [
        ReportCase(
            testDescription: "a process of nobody here", live: [waiting, terminal], lineage: [500, 1],
            match: .newcomer),
        ReportCase(
            testDescription: "a launch id of no live session", live: [waiting], lineage: [500, 1],
            launchID: "long gone", match: .newcomer),
        ReportCase(
            testDescription: "the launch id of a confirmed launch", live: [confirmed], lineage: [500, 1],
            launchID: "a", match: .newcomer),
        ReportCase(
            testDescription: "the launch id of a confirmed launch, the same session", live: [confirmed],
            lineage: [500, 1], launchID: "a", happyID: "old", match: .session("a")),
        ReportCase(
            testDescription: "the id of a terminal's session", live: [terminal], lineage: [500, 1],
            launchID: "t", happyID: "old", match: .newcomer),
        ReportCase(testDescription: "nothing is live", live: [], lineage: [500], match: .newcomer),
        ReportCase(testDescription: "nobody speaks", live: [waiting], lineage: [], match: .newcomer),
    ]

    @Test(arguments: own + wrapped + nested + strangers)
    func aReportBelongsToOneSession(case one: ReportCase) {
        let report = SessionReport(
            happySessionID: one.happyID, lineage: one.lineage.map(ProcessIdentity.sample),
            launchID: one.launchID, directory: "/", agent: "claude")
        #expect(ReportMatch.of(report, among: one.live) == one.match)
    }

    @Test func aLaterProcessWithTheSamePidIsSomebodyElse() {
        let report = SessionReport(
            happySessionID: "new", lineage: [ProcessIdentity(pid: 200, start: 9999)], launchID: nil,
            directory: "/", agent: "claude")
        #expect(ReportMatch.of(report, among: [Self.waiting]) == .newcomer)
    }

    @Test func aRowOfAnotherMachineTellsNothingAboutTheProcessesHere() {
        let report = SessionReport(
            happySessionID: "new", lineage: [.sample(200)], launchID: "a", directory: "/", agent: "claude")
        let row = SessionRecord.sample("a", host: .elsewhere, monitor: 199, process: 200)
        #expect(ReportMatch.of(report, among: [row]) == .newcomer)
    }
}
