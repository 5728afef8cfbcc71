import ArgumentParser
import RunnerStore
import Testing

@testable import Home
@testable import HubClient
@testable import Processes
@testable import hapi

/// Moments in the past, as people write them.
@Suite struct PastMomentTests {
    @Test(arguments: [("90s", 90), ("30min", 1800), ("12h", 43_200), ("7d", 604_800), ("4w", 2_419_200)])
    func aSpanIsCountedBackFromNow(text: String, seconds: Int64) throws {
        let ago = Timestamp.now.milliseconds - (try PastMoment(text)).moment.milliseconds
        #expect(abs(ago - seconds * 1000) < 5000)
    }

    @Test(arguments: [("1mo", 27...32), ("1y", 365...367)])
    func monthsAndYearsAreTheCalendars(text: String, days: ClosedRange<Int64>) throws {
        let ago = Timestamp.now.milliseconds - (try PastMoment(text)).moment.milliseconds
        #expect(days.contains(ago / 86_400_000))
    }

    @Test(arguments: ["2026-01-31", "2026-01-31T12:00:00Z", "2026-01-31 12:00", "2025-12-31T23:59:59.5Z"])
    func aDateIsOne(text: String) throws {
        #expect(try PastMoment(text).moment < .now)
    }

    @Test(arguments: [
        ("1m", "1min or 1mo"), ("2999-01-01", "in the future"), ("2026-02-31", "not a time"),
        ("soon", "not a time"),
        ("-1d", "not a time"), ("", "not a time"), ("5", "not a time"), ("5fortnights", "not a time"),
        ("2026-1-1", "not a time"), ("2026-01-01T25:00", "not a time"), ("300000000-01-01", "not a time"),
        ("٢٠٢٦-٠١-٣١", "not a time"), ("2026-13-01", "not a time"), ("99999999999999999999d", "not a time"),
        ("9999999999y", "not a time"), ("2026-00-00", "not a time"),
        ("2026-01-31T12:99", "not a time"), ("2026-01-31 12:00:61", "not a time"),
    ])
    func whatCouldBeMeantOtherwiseIsRefused(text: String, words: String) {
        do {
            _ = try PastMoment(text)
            Issue.record("\(text) was taken")
        } catch {
            #expect("\(error)".contains(words), "\(error)")
        }
    }
}
