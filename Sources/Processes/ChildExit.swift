import Glibc

/// How a child of this process ended.
package enum ChildExit: Equatable, Sendable {
    case code(Int32)
    case signal(Int32)
    /// Something else reaped it, or the kernel did because SIGCHLD is ignored: its exit cannot be known.
    case unknown

    /// Reaps a child that has ended, wait(2); nil if it has not.
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

    /// The exit status as a shell reports it: 128 plus the number for a signal. nil if unknown.
    package var status: Int32? {
        switch self {
        case .code(let code): code
        case .signal(let signal): 128 + signal
        case .unknown: nil
        }
    }
}
