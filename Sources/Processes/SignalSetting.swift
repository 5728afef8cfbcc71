import CProcess
import Glibc

/// How this process stands to signals: set at its start, whatever its parent left it.
package enum SignalSetting {
    /// What a parent has reasons to have ignored: `nohup`, a shell's background job, a shell without job
    /// control. Everything else that comes ignored is an accident; with SIGCHLD ignored no exit code of a
    /// child can be had.
    static let kept = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU]

    /// Ignores nothing but what is ``kept``, and blocks nothing but the stop signals, if those are to be held
    /// until they are listened to. To be called before there is another thread.
    package static func reset(holdingStopSignals holds: Bool = false) {
        for number in 1...Int32(64) where !kept.contains(number) && isIgnored(number) {
            signal(number, SIG_DFL)
        }
        // Never unblocked in between: one may be pending since before this program's image.
        if holds { StopSignals.hold() } else { unblockAll() }
    }

    /// Replaces this process by another program, which is found in PATH and inherits nothing of how our
    /// threads stand to signals. Returns only if that fails, with the errno.
    package static func become(_ program: String, _ arguments: [String]) -> Int32 {
        reset()
        let argv = CStrings([program] + arguments)
        execvp(program, argv.pointers)
        return errno
    }

    /// Whether the process ignores a signal.
    static func isIgnored(_ signal: Int32) -> Bool { cprocess_is_ignored(signal) == 1 }

    /// A thread of the concurrency runtime blocks nearly everything, and exec takes its mask along.
    private static func unblockAll() {
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
    }
}
