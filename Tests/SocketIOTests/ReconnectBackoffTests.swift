import SocketIO
import Testing

@Suite struct ReconnectBackoffTests {
    @Test func delaysGrowUpToTheMaximum() {
        var backoff = ReconnectBackoff(growth: 2)
        let delays = (0..<8).map { _ in backoff.next(random: 0.5) }
        let milliseconds = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
        #expect(delays == milliseconds.map { Duration.milliseconds($0) })
    }

    @Test(arguments: [
        (0.0, Duration.milliseconds(250)), (0.25, .milliseconds(375)), (0.75, .milliseconds(625)),
    ])
    func aDelayIsSpreadByHalf(random: Double, expected: Duration) {
        var backoff = ReconnectBackoff()
        #expect(backoff.next(random: random) == expected)
    }

    @Test func noDelayIsMuchLongerThanTheMaximum() {
        var backoff = ReconnectBackoff()
        for _ in 0..<20 { #expect(backoff.next(random: 0.999) <= .seconds(45)) }
    }

    @Test func resetBeginsAnew() {
        var backoff = ReconnectBackoff()
        for _ in 0..<4 { _ = backoff.next(random: 0.5) }
        backoff.reset()
        #expect(backoff.next(random: 0.5) == .milliseconds(500))
    }
}
