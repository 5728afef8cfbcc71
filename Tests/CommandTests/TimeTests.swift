import RunnerStore
import Testing

@testable import Home
@testable import Processes
@testable import hapi

/// Times in `status` and `logs`.
@Suite struct TimeTests {
    /// The recorded time and the time computed from the uptime, in milliseconds, and which of them is shown.
    @Test(arguments: [
        (5_900, 5_000, 5_900), (5_000, 5_900, 5_000), (90_000, 5_000, 5_000), (0, 5_000, 5_000),
    ])
    func aRunnersStartIsTheLogsUnlessTheClockWasSet(recorded: Int64, counted: Int64, told: Int64) {
        let start = StatusView.startTime(
            recorded: Timestamp(milliseconds: recorded), counted: Timestamp(milliseconds: counted))
        #expect(start == Timestamp(milliseconds: told))
    }

    private static let log = """
        2026-01-31T12:00:00.400Z info first
        2026-01-31T12:00:00.600Z info second
        \tmore of it
        2026-01-31T12:00:02.000Z info third

        """

    @Test(arguments: [
        ("2026-01-31T11:59:59Z", "first"), ("2026-01-31T12:00:00Z", "first"),
        ("2026-01-31T12:00:00.4Z", "first"),
        ("2026-01-31T12:00:00.500Z", "second"), ("2026-01-31T12:00:01Z", "third"),
        ("2026-01-31T12:00:02.000000001Z", "third"), ("2026-01-31T12:00:03Z", nil),
    ])
    func aLogIsShownFromTheFirstLineOfThatMomentOn(moment: String, line: String?) throws {
        let shown = try #require(LogText.since(PastMoment(moment).moment, Array(Self.log.utf8)))
        let first = String(decoding: shown, as: UTF8.self).split(separator: "\n").first
        #expect(first?.split(separator: " ").last.map(String.init) == line)
    }
}
