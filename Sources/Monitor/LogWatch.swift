import CProcess
import Glibc
import Processes

/// Bounds the session's log while the session writes it, whether a runner is running or not. Idle while
/// nothing is written.
struct LogWatch: ~Copyable {
    private let log: Int32
    /// An inotify descriptor, readable when the log was written to; -1 if the system has none left.
    private let changes: Int32
    private let bound = LogBound.session
    private var size: off_t = 0
    /// The pause before the next check, in milliseconds.
    private var pause: Int32 = Self.shortest
    private var isResting = false

    private static let shortest: Int32 = 20
    private static let longest: Int32 = 250
    /// Growth between two checks, in bytes, above which the pause is not lengthened.
    private static let fast: off_t = 1 << 20

    init(_ path: String) {
        log = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        changes = log < 0 ? -1 : cprocess_watch_file(path)
    }

    deinit {
        if log >= 0 { close(log) }
        if changes >= 0 { close(changes) }
    }

    /// Waits until `event` is readable, and bounds the log meanwhile. May return early.
    ///
    /// - Parameter longest: in milliseconds; -1 for no timeout.
    mutating func wait(for event: Int32, atMost longest: Int32 = -1) {
        if log < 0 { return rest(event, longest) }
        if changes < 0 {
            rest(event, longest < 0 ? 1000 : min(longest, 1000))
            return look()
        }
        if isResting {
            isResting = false
            return rest(event, longest < 0 ? pause : min(longest, pause))
        }
        var events = [
            pollfd(fd: event, events: Int16(POLLIN), revents: 0),
            pollfd(fd: changes, events: Int16(POLLIN), revents: 0),
        ]
        if poll(&events, 2, 0) == 0 {
            // The log is idle: check soon after the next write.
            pause = Self.shortest
            poll(&events, 2, longest)
        }
        guard events[1].revents != 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 1024)
        _ = read(changes, &buffer, buffer.count)
        look()
        isResting = true
    }

    private func rest(_ event: Int32, _ milliseconds: Int32) {
        var events = pollfd(fd: event, events: Int16(POLLIN), revents: 0)
        poll(&events, 1, milliseconds)
    }

    private mutating func look() {
        var status = stat()
        guard fstat(log, &status) == 0 else { return }
        pause = status.st_size - size > Self.fast ? Self.shortest : min(2 * pause, Self.longest)
        bound.apply(to: log)
        size = fstat(log, &status) == 0 ? status.st_size : size
    }
}
