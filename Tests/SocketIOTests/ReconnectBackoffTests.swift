import SocketIO
import Testing

@Suite struct ReconnectBackoffTests {
    @Test func delaysDoubleUpToTheMaximum() {
        var backoff = ReconnectBackoff()
        let delays = (0..<5).map { _ in backoff.next(random: 0.5) }
        #expect(delays == [.seconds(1), .seconds(2), .seconds(4), .seconds(5), .seconds(5)])
    }

    @Test(arguments: [
        (0.0, Duration.milliseconds(500)), (0.25, .milliseconds(750)), (0.75, .milliseconds(1250)),
    ])
    func theFirstDelayIsSpreadByHalf(random: Double, expected: Duration) {
        var backoff = ReconnectBackoff()
        #expect(backoff.next(random: random) == expected)
    }

    @Test func noSpreadGoesOverTheMaximum() {
        var backoff = ReconnectBackoff()
        for _ in 0..<10 { #expect(backoff.next(random: 0.999) <= .seconds(5)) }
    }

    @Test func resetBeginsAnew() {
        var backoff = ReconnectBackoff()
        for _ in 0..<4 { _ = backoff.next(random: 0.5) }
        backoff.reset()
        #expect(backoff.next(random: 0.5) == .seconds(1))
    }
}
