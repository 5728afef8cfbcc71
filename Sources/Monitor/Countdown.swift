import Glibc
import Processes

/// The time limit of a session: which signal is due when. All times are milliseconds of CLOCK_MONOTONIC,
/// which stops while the machine sleeps.
struct Countdown {
    private let end: Int64?
    private(set) var hasBegun = false
    private var killsFrom: Int64 = .max

    /// Between SIGTERM and SIGKILL; the same as for any stop.
    private static let grace = StopSequence.standard.steps[0].grace.components.seconds * 1000
    /// Between two attempts to kill what is left, in milliseconds.
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

    /// The time until the next signal in milliseconds, as a timeout for poll(2); -1 for none.
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

    /// `4h`, `90min`, `45s`: in the largest unit that divides it.
    static func words(_ seconds: Int64) -> String {
        let units: [(Int64, String)] = [(604_800, "w"), (86400, "d"), (3600, "h"), (60, "min")]
        let unit = units.first { seconds >= $0.0 && seconds % $0.0 == 0 } ?? (1, "s")
        return "\(seconds / unit.0)\(unit.1)"
    }
}
