import Glibc
import Processes

/// The end of a session that may run for so long: which signal is due when. Times are milliseconds of the
/// clock that stands still while the machine sleeps.
struct Countdown {
    private let end: Int64?
    private(set) var hasBegun = false
    private var killsFrom: Int64 = .max

    /// SIGTERM, then SIGKILL after the grace of every stop.
    private static let grace = StopSequence.standard.steps[0].grace.components.seconds * 1000
    /// Between two looks for what is still to be killed.
    private static let killInterval: Int64 = 100

    init(seconds: Int64?, now: Int64) {
        end = seconds.map { now + $0 * 1000 }
    }

    /// The signal to send now; nil for none.
    mutating func signal(at now: Int64) -> Int32? {
        guard let end, now >= end else { return nil }
        if !hasBegun {
            hasBegun = true
            killsFrom = now + Self.grace
            return SIGTERM
        }
        return now >= killsFrom ? SIGKILL : nil
    }

    /// How long nothing is due, in milliseconds for poll(2); -1 for as long as it takes.
    func pause(at now: Int64) -> Int32 {
        guard let end else { return -1 }
        let next = !hasBegun ? end : now >= killsFrom ? now + Self.killInterval : killsFrom
        return Int32(clamping: max(1, next - now))
    }

    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// `4h`, `90min`, `45s`: the largest unit that gives a whole number.
    static func words(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(604_800, "w"), (86400, "d"), (3600, "h"), (60, "min")]
        let unit = units.first { seconds >= $0.0 && seconds % $0.0 == 0 } ?? (1, "s")
        return "\(seconds / unit.0)\(unit.1)"
    }
}
