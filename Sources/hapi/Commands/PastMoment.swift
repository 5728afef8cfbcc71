import ArgumentParser
import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

/// A time in the past as users write it: `2026-01-31`, `2026-01-31T12:00:00Z`, `12h`, `30d`.
struct PastMoment: CustomStringConvertible {
    let moment: Timestamp
    /// The text as given.
    let description: String

    /// For the help of the commands that take one.
    static let help = "a date, or how long ago: 30min, 12h, 7d, 4w, 6mo, 1y"

    /// - Throws: a message for the user.
    init(_ text: String) throws {
        description = text
        guard let moment = try Self.ago(text) ?? Self.date(text) else {
            throw ValidationError("not a time; use \(Self.help)")
        }
        guard moment <= .now else { throw ValidationError("it is in the future") }
        self.moment = moment
    }

    private static func ago(_ text: String) throws -> Timestamp? {
        let (digits, unit) = Span.parts(text)
        guard !unit.isEmpty, !unit.contains("-"), let count = Int64(digits), count < 100_000 else {
            return nil
        }
        if unit == "m" {
            throw ValidationError("'m' could be minutes or months: use \(digits)min or \(digits)mo")
        }
        if let seconds = Span.units[unit] { return Timestamp(secondsAgo: count * seconds) }
        switch unit {
        case "mo": return monthsAgo(Int32(count))
        case "y": return monthsAgo(Int32(count) * 12)
        default: return nil
        }
    }

    private static func monthsAgo(_ months: Int32) -> Timestamp? {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        parts.tm_mon -= months
        parts.tm_isdst = -1
        return Timestamp(milliseconds: Int64(mktime(&parts)) * 1000)
    }

    /// Local time, unless it ends in `Z` for UTC. A date alone is midnight.
    private static func date(_ text: String) -> Timestamp? {
        guard
            let match = text.wholeMatch(
                of: /(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z)?)?/)
        else { return nil }
        let numbers = [match.1, match.2, match.3, match.4 ?? "0", match.5 ?? "0", match.6 ?? "0"].compactMap {
            Int32($0)
        }
        // `\d` also matches digits of other scripts, which `Int32` rejects.
        guard numbers.count == 6 else { return nil }
        var moment = tm()
        (moment.tm_year, moment.tm_mon, moment.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (moment.tm_hour, moment.tm_min, moment.tm_sec, moment.tm_isdst) = (
            numbers[3], numbers[4], numbers[5], -1
        )
        let seconds = match.8 != nil ? timegm(&moment) : mktime(&moment)
        // mktime(3) and timegm(3) normalize what does not exist, such as February 30 or 12:99.
        guard moment.tm_mday == numbers[2], moment.tm_mon == numbers[1] - 1 else { return nil }
        guard numbers[3] < 24, numbers[4] < 60, numbers[5] < 61 else { return nil }
        let fraction = Int64(((match.7 ?? "") + "000").prefix(3)) ?? 0
        return Timestamp(milliseconds: Int64(seconds) * 1000 + fraction)
    }
}
