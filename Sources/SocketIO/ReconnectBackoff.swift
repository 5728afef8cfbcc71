/// How long to wait before the next attempt to connect: half a second at first, 1.6 times as long each time,
/// up to 30 s, and each wait varied at random by up to half of itself in either direction.
///
/// A wait is therefore about half as long as the outage so far: clients recover from a short outage within a
/// second or two, and after a long one thousands of clients come back over half a minute (docs/scale.md).
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

    /// The next wait. `random`, from 0 up to 1, determines the variation.
    package mutating func next(random: Double = .random(in: 0..<1)) -> Duration {
        defer { base = min(base * growth, maximum) }
        return base * (1 + randomization * (2 * random - 1))
    }

    /// Starts over, after a connection that lasted.
    package mutating func reset() { base = min(first, maximum) }
}
