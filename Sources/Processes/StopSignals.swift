import CProcess
import Glibc

/// The signals that ask this program to end: SIGTERM, SIGINT and SIGHUP, save what it was started to
/// ignore, as by `nohup`.
///
/// They are held by the kernel until they are listened to, so that none is lost before that, nor while
/// one image of the runner becomes the next.
package enum StopSignals {
    /// Holds them back from the calling thread and those it starts. To be called before there are others.
    package static func hold() {
        var set = all
        pthread_sigmask(SIG_SETMASK, &set, nil)
    }

    /// Whether one has come and was not listened to yet.
    package static var isPending: Bool {
        var pending = sigset_t()
        sigpending(&pending)
        return heard.contains { sigismember(&pending, $0) == 1 }
    }

    /// Calls `body` with each that comes, until the task is cancelled; what comes later is held again.
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
                // There is no descriptor to wait with. Ends early when the task is cancelled.
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// Lets a signal that was held do what it does to a program that does not hold it: end it.
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
