import CProcess
import Glibc

/// The signals that ask this program to end: SIGTERM, SIGINT and SIGHUP, unless it was started to ignore
/// them, as by `nohup`.
///
/// The kernel holds them until the program listens for them, so that none is lost before that, or while one
/// image of the runner replaces another.
package enum StopSignals {
    /// Blocks them in the calling thread and the threads it starts. Call it before there are others.
    package static func hold() {
        var set = all
        pthread_sigmask(SIG_SETMASK, &set, nil)
    }

    /// Whether one is pending.
    package static var isPending: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return heard.contains { sigismember(&pending, $0) == 1 }
    }

    /// Calls `body` with each signal until the task is cancelled; later ones are held again.
    package static func each(_ body: (Int32) -> Void) async {
        var set = all
        let opened = cprocess_signal_descriptor(&set)
        let descriptor = opened < 0 ? nil : OwnedDescriptor(opened)
        while !Task.isCancelled {
            let signal = cprocess_take_signal(&set)
            if signal > 0 {
                body(signal)
            } else if let descriptor {
                await waitUntilReadable(descriptor.number)
            } else {
                // No descriptor is left to wait with, so poll. The sleep fails only when cancelled.
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Lets a held signal have its default effect: end the program.
    package static func takeCourse(_ number: Int32) {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        signal(number, SIG_DFL)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
    }

    private static var all: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in heard { sigaddset(&set, signal) }
        return set
    }

    private static let heard = [SIGTERM, SIGINT, SIGHUP].filter { !SignalSetting.isIgnored($0) }
}
