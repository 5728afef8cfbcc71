import Glibc

/// How a child of this process ended.
package enum ChildExit: Equatable, Sendable {
    case code(Int32)
    case signal(Int32)

    /// Reaps a child, waiting for its end if need be, wait(2).
    package static func reaping(_ pid: Int32) -> ChildExit {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .code((status >> 8) & 0xff) : .signal(signal)
    }

    /// As a shell tells it: 128 and the signal's number for a signal.
    package var status: Int32 {
        switch self {
        case .code(let code): code
        case .signal(let signal): 128 + signal
        }
    }
}
