import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

extension Timestamp {
    /// Local time to the second, with its zone because logs are in UTC.
    var local: String {
        var seconds = time_t(milliseconds / 1000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
            + (parts.tm_zone.map { " \(String(cString: $0))" } ?? "")
    }

    init(secondsAgo seconds: Int64) { self.init(milliseconds: Self.now.milliseconds &- seconds &* 1000) }

    /// How long ago it was, by the wall clock.
    var age: String { Self.length(from: self, to: .now) }

    /// `?` if the clock was set back in between, because the length is then unknown.
    static func length(from start: Timestamp, to end: Timestamp) -> String {
        end < start ? "?" : length(seconds: (end.milliseconds &- start.milliseconds) / 1000)
    }

    /// `42s`, `5m 3s`, `3h 12m`, `2d 4h`.
    static func length(seconds: Int64) -> String {
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(seconds % 60)s"
        case ..<86400: return "\(seconds / 3600)h \(seconds % 3600 / 60)m"
        default: return "\(seconds / 86400)d \(seconds % 86400 / 3600)h"
        }
    }
}
