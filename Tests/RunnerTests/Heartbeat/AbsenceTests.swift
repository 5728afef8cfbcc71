import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import Processes
@testable import Runner

@Suite struct AbsenceTests {
    /// A life of the runner from `start` to `end`, in milliseconds; nil if its end is not recorded.
    private func life(
        _ id: Int64, from start: Int64, to end: Int64? = nil, _ reason: RunnerEndReason? = nil,
        beat: Int64? = nil,
        host: HostIdentity = .current, hub: String? = nil, detail: String? = nil
    ) -> RunnerRecord {
        var life = RunnerRecord(
            process: .sample(Int32(id)), host: host, version: "1", programModifiedAt: nil, hubURL: hub,
            hubState: hub == nil ? .disabled : .connecting, machineID: nil, logPath: "/l",
            startedAt: Timestamp(milliseconds: start))
        life.id = id
        life.endedAt = end.map(Timestamp.init(milliseconds:))
        life.endReason = reason
        life.endDetail = detail
        life.lastHeartbeatAt = beat.map(Timestamp.init(milliseconds:))
        return life
    }

    private func absences(
        _ lives: [RunnerRecord], running: Int64? = nil, beats: [HeartbeatTrace] = [],
        changes: [HubChange] = []
    ) -> [String] {
        Absence.all(lives: lives, running: running, beats: beats, changes: changes).map { absence in
            let to = absence.to.map { "\($0.milliseconds)" } ?? "now"
            let from = (absence.beganUnseen ? "~" : "") + "\(absence.from.milliseconds)"
            return "\(absence.cause.rawValue) \(from) \(to)" + (absence.detail.map { ": \($0)" } ?? "")
        }
    }

    static let ends: [(RunnerEndReason?, String)] = [
        (.cli, "stopped 9000 20000: by hapi runner stop"), (.app, "stopped 9000 20000: from the hub"),
        (.signal, "stopped 9000 20000: by a signal"), (.replaced, "stopped 9000 20000: replaced"),
        (.exception, "failed 9000 20000: why"),
        (.crashed, "crashed 9000 20000: the runner crashed or was killed"),
    ]

    @Test(arguments: ends)
    func betweenTwoLivesItWasAwayForTheReasonTheFirstEnded(reason: RunnerEndReason?, absence: String) {
        let lives = [life(1, from: 0, to: 9000, reason, detail: "why"), life(2, from: 20_000)]
        #expect(absences(lives, running: 2) == [absence])
    }

    @Test func anEndThatNobodySawLiesAfterTheLastHeartbeat() {
        let lives = [life(1, from: 0, beat: 5000), life(2, from: 20_000)]
        #expect(absences(lives, running: 2) == ["crashed ~5000 20000: the runner crashed or was killed"])
        let rebooted = [life(1, from: 0, beat: 5000, host: .beforeRestart), life(2, from: 20_000)]
        // Of another pid namespace, it cannot be looked at.
        #expect(absences(rebooted, running: 2).allSatisfy { $0.hasPrefix("rebooted ~5000 20000") })
    }

    @Test func theLastLifeThatIsOverLasts() {
        #expect(absences([life(1, from: 0, to: 9000, .cli)]) == ["stopped 9000 now: by hapi runner stop"])
        #expect(absences([life(1, from: 0)], running: 1).isEmpty)
    }

    @Test func aLifeElsewhereIsNoAbsenceHere() {
        #expect(absences([life(1, from: 0, host: .elsewhere), life(2, from: 20_000)], running: 2).isEmpty)
    }

    @Test func aShortOneIsNotWorthALineAndOneThatEndsBeforeItBeganIs() {
        #expect(absences([life(1, from: 0, to: 9000, .cli), life(2, from: 10_999)], running: 2).isEmpty)
        #expect(absences([life(1, from: 0, to: 9000, .cli), life(2, from: 11_000)], running: 2).count == 1)
        #expect(absences([life(1, from: 0, to: 9000, .cli), life(2, from: 1000)], running: 2).count == 1)
    }

    @Test func theMachinesSleepIsToldWhereItGrewBetweenTwoHeartbeats() {
        let beats = [
            (0, 0), (60_000, 0), (120_000, 50_000), (180_000, 51_000), (240_000, nil), (300_000, 90_000),
        ]
        .map { HeartbeatTrace(runnerID: 1, at: Timestamp(milliseconds: $0.0), suspended: $0.1) }
        let found = absences([life(1, from: 0)], running: 1, beats: beats as [HeartbeatTrace])
        #expect(found == ["asleep ~60000 120000: the machine slept for 50 s"])
    }

    /// Rows may contain any values.
    @Test func numbersAtTheirEndsStopNobody() {
        let beats = [Int64.min, .max, .min].enumerated().map { index, sleep in
            HeartbeatTrace(runnerID: 1, at: Timestamp(milliseconds: Int64(index) * 1000), suspended: sleep)
        }
        let lives = [
            life(1, from: .min, to: .max, .cli), life(2, from: .min, to: .min, .crashed), life(3, from: .max),
        ]
        #expect(absences(lives, running: 3, beats: beats).count <= 5)
    }

    @Test func whileTheHubIsAwayOrRefusesItIsAbsentTooAndTheLastReasonIsTold() {
        func change(_ at: Int64, _ state: HubState, _ detail: String? = nil) -> HubChange {
            HubChange(runnerID: 1, at: Timestamp(milliseconds: at), state: state, detail: detail)
        }
        let changes = [
            change(3000, .connected), change(10_000, .connecting, "no route"),
            change(15_000, .unauthorized, "token"),
            change(20_000, .connected), change(20_500, .connecting), change(21_000, .connected),
            change(30_000, .connecting),
        ]
        let found = absences([life(1, from: 0, hub: "http://hub")], running: 1, changes: changes)
        #expect(found == ["hub-away 0 3000", "hub-refused 10000 20000: token", "hub-away 30000 now"])
        #expect(absences([life(1, from: 0)], running: 1, changes: changes).isEmpty)
    }
}
