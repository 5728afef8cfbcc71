import CProcess
import Glibc

/// The signal dispositions of this process, set at its start whatever it inherited.
package enum SignalSetting {
    /// Signals that a parent may have good reasons to ignore: `nohup`, a background job of a shell, a shell
    /// without job control. Other ignored signals are accidents; with SIGCHLD ignored, no exit code of a
    /// child can be read.
    static let kept = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU]

    /// Resets all ignored signals except the ``kept`` ones, and unblocks all signals, except for the stop
    /// signals if they are to be held until the program listens for them. Call it before there is another
    /// thread.
    package static func reset(holdingStopSignals holds: Bool = false) {
        for number in 1...Int32(64) where !kept.contains(number) && isIgnored(number) {
            signal(number, SIG_DFL)
        }
        // Never unblocked in between: a signal may be pending from before this image.
        if holds { StopSignals.hold() } else { unblockAll() }
    }

    /// Replaces this process by another program, found in PATH, with clean signal dispositions. Returns only
    /// on failure, with the errno.
    package static func become(_ program: String, _ arguments: [String]) -> Int32 {
        reset()
        let argv = CStrings([program] + arguments)
        execvp(program, argv.pointers)
        return errno
    }

    /// Whether the process ignores a signal.
    static func isIgnored(_ signal: Int32) -> Bool { cprocess_is_ignored(signal) == 1 }

    /// Needed because threads of the concurrency runtime block nearly all signals, and exec keeps the mask.
    private static func unblockAll() {
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
    }
}
