import Glibc

/// A moment on the wall clock, in milliseconds since 1970 UTC. Never used to measure durations.
package struct Timestamp: Hashable, Comparable, Sendable {
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

extension Timestamp {
    /// The wall clock's time now.
    package static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// ISO 8601 with milliseconds, UTC: `2026-01-31T08:15:30.123Z`.
    package var iso8601: String {
        let (seconds, fraction) = milliseconds.dividedDown(by: 1000)
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        for (value, width, separator) in [
            (Int(parts.tm_year) + 1900, 4, "-"), (Int(parts.tm_mon) + 1, 2, "-"),
            (Int(parts.tm_mday), 2, "T"),
            (Int(parts.tm_hour), 2, ":"), (Int(parts.tm_min), 2, ":"), (Int(parts.tm_sec), 2, "."),
            (Int(fraction), 3, "Z"),
        ] as [(Int, Int, Unicode.Scalar)] {
            Self.add(value, digits: width, to: &text)
            text.append(UInt8(truncatingIfNeeded: separator.value))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func add(_ value: Int, digits: Int, to text: inout [UInt8]) {
        var power = 1
        for _ in 1..<digits { power *= 10 }
        // Years before our era, and after the year 9999.
        guard value >= 0, value / power < 10 else {
            text += String(value).utf8
            return
        }
        while power > 0 {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / power % 10))
            power /= 10
        }
    }
}

extension Int64 {
    /// Division that rounds down, for times before 1970 too.
    fileprivate func dividedDown(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
