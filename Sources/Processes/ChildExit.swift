import Glibc

/// How a child of this process ended.
package enum ChildExit: Equatable, Sendable {
    case code(Int32)
    case signal(Int32)
    /// Somebody else reaped it, or the system does because SIGCHLD is ignored: its end is nobody's to know.
    case unknown

    /// Reaps a child that has ended; nil if it has not, wait(2).
    static func reaping(_ pid: Int32) -> ChildExit? {
        var status: Int32 = 0
        while true {
            let reaped = waitpid(pid, &status, WNOHANG)
            if reaped == pid { return ChildExit(waitStatus: status) }
            if reaped == 0 { return nil }
            if errno != EINTR { return .unknown }
        }
    }

    init(waitStatus status: Int32) {
        let signal = status & 0x7f
        self = signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
    }

    /// As a shell tells it: 128 and the signal's number for a signal. nil where nothing is known.
    package var status: Int32? {
        switch self {
        case .code(let code): code
        case .signal(let signal): 128 + signal
        case .unknown: nil
        }
    }
}
