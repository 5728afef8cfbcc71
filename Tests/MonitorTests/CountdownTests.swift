import Glibc
import Testing

@testable import Monitor

/// A session's time limit: what is due when.
@Suite struct CountdownTests {
    @Test func nothingIsEverDueWithoutALimit() {
        var countdown = Countdown(seconds: nil, now: 0)
        #expect(countdown.pause(at: 0) == -1 && countdown.signal(at: .max) == nil && !countdown.hasBegun)
    }

    @Test func itAsksFirstAndKillsAfterTheGrace() {
        var countdown = Countdown(seconds: 10, now: 1000)
        #expect(countdown.pause(at: 1000) == 10_000 && countdown.signal(at: 10_999) == nil)
        #expect(!countdown.hasBegun)
        #expect(countdown.signal(at: 11_000) == SIGTERM && countdown.hasBegun)
        #expect(countdown.signal(at: 11_001) == nil && countdown.pause(at: 11_000) == 5000)
        #expect(countdown.signal(at: 16_000) == SIGKILL && countdown.pause(at: 16_000) == 100)
        #expect(countdown.signal(at: 16_100) == SIGKILL)
    }

    @Test func aLookThatComesLateIsNotTheEndOfTheGrace() {
        var countdown = Countdown(seconds: 1, now: 0)
        #expect(countdown.signal(at: 60_000) == SIGTERM)
        #expect(countdown.signal(at: 64_999) == nil && countdown.signal(at: 65_000) == SIGKILL)
    }

    @Test func anEndThatIsWeeksAwayIsWaitedForInPieces() {
        let countdown = Countdown(seconds: 99_999 * 604_800, now: 0)
        #expect(countdown.pause(at: 0) == Int32.max)
    }

    @Test(
        arguments: [
            (45, "45s"), (90, "90s"), (1800, "30min"), (5400, "90min"), (14_400, "4h"), (86_400, "1d"),
            (604_800, "1w"), (1, "1s"),
        ] as [(Int64, String)])
    func aTimeIsSaidAsPeopleWriteIt(seconds: Int64, words: String) {
        #expect(Countdown.words(seconds) == words)
    }

    @Test(
        arguments: [
            ("low 0\nhigh 0\nmax 17\noom 2\noom_kill 3\noom_group_kill 0\n", 3), ("oom_kill 0\n", 0), ("", 0),
            ("oom_kill\n", 0), ("oom_kill x\n", 0),
        ])
    func killsAreCountedAsTheKernelTellsThem(events: String, count: Int) {
        #expect(Monitor.killCount(events) == count)
    }
}
