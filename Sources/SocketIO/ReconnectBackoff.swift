/// How long to wait before the next attempt to connect: 1 s, doubling to at most 5 s, each spread by half of
/// itself either way so that many clients do not come back at once. A value of its owner's reconnect loop.
package struct ReconnectBackoff: Sendable {
    private let first: Duration
    private let maximum: Duration
    private let randomization: Double
    private var base: Duration

    package init(
        first: Duration = .seconds(1), maximum: Duration = .seconds(5), randomization: Double = 0.5
    ) {
        self.first = first
        self.maximum = maximum
        self.randomization = randomization
        base = min(first, maximum)
    }

    /// The next delay. `random` is from 0 up to 1 and decides the spread; it never takes a delay over `maximum`.
    package mutating func next(random: Double = .random(in: 0..<1)) -> Duration {
        let spread = base * (1 + randomization * (2 * random - 1))
        base = min(base * 2, maximum)
        return min(spread, maximum)
    }

    /// Begins anew, after a connection that held.
    package mutating func reset() { base = min(first, maximum) }
}
