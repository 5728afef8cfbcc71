import ArgumentParser
import Glibc
import RunnerStore

/// A moment in the past, as people write it: `2026-01-31`, `2026-01-31T12:00:00Z`, `12h`, `7d`.
struct PastMoment: ExpressibleByArgument {
    let moment: Timestamp

    init(ago seconds: Int64) { moment = Timestamp(secondsAgo: seconds) }

    init?(argument: String) {
        let ago = Self.duration(argument).map { PastMoment(ago: $0).moment }
        guard let moment = ago ?? Self.date(argument) else { return nil }
        self.moment = moment
    }

    private static func duration(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count >= 0,
            count < 100_000
        else { return nil }
        return count * unit
    }

    /// A day begins at midnight, local time; a time with `Z` is UTC.
    private static func date(_ text: String) -> Timestamp? {
        let isUTC = text.hasSuffix("Z")
        let parts = (isUTC ? String(text.dropLast()) : text).split(separator: "T", maxSplits: 1)
        guard let day = parts.first.map({ $0.split(separator: "-").compactMap { Int32($0) } }), day.count == 3
        else {
            return nil
        }
        var moment = tm()
        (moment.tm_year, moment.tm_mon, moment.tm_mday, moment.tm_isdst) = (
            day[0] - 1900, day[1] - 1, day[2], -1
        )
        if parts.count == 2 {
            let clock = parts[1].split(separator: ":").compactMap { Int32($0.prefix { $0 != "." }) }
            guard clock.count >= 2, clock[0] < 24, clock[1] < 60 else { return nil }
            (moment.tm_hour, moment.tm_min, moment.tm_sec) = (
                clock[0], clock[1], clock.count > 2 ? clock[2] : 0
            )
        }
        guard (1...12).contains(day[1]), (1...31).contains(day[2]) else { return nil }
        let seconds = isUTC ? timegm(&moment) : mktime(&moment)
        return Timestamp(milliseconds: Int64(seconds) * 1000)
    }
}
