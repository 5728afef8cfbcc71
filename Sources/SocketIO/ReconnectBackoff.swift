/// How long to wait before the next attempt to connect: half a second at first, each time 1.6 times as long, to at
/// most 30 s, and each spread by half of itself either way. A value of its owner's reconnect loop.
///
/// A delay is so about as long as half the outage was until then: a short outage is over in a second or two, and
/// after a long one thousands of clients come back over half a minute (docs/scale.md).
package struct ReconnectBackoff: Sendable {
    private let first: Duration
    private let maximum: Duration
    private let growth: Double
    private let randomization: Double
    private var base: Duration

    package init(
        first: Duration = .milliseconds(500), maximum: Duration = .seconds(30), growth: Double = 1.6,
        randomization: Double = 0.5
    ) {
        self.first = first
        self.maximum = maximum
        self.growth = growth
        self.randomization = randomization
        base = min(first, maximum)
    }

    /// The next delay. `random` is from 0 up to 1 and decides the spread, around a base of no more than the maximum.
    package mutating func next(random: Double = .random(in: 0..<1)) -> Duration {
        defer { base = min(base * growth, maximum) }
        return base * (1 + randomization * (2 * random - 1))
    }

    /// Begins anew, after a connection that held.
    package mutating func reset() { base = min(first, maximum) }
}
