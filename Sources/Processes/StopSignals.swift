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
    package static func each(_ body: (Int32) -> Void) async throws(FileError) {
        var set = all
        let descriptor = cprocess_signal_descriptor(&set)
        guard descriptor >= 0 else {
            throw FileError(action: "create", path: "a signal descriptor", code: -descriptor)
        }
        defer { close(descriptor) }
        while !Task.isCancelled {
            let signal = cprocess_read_signal(descriptor)
            if signal > 0 { body(signal) } else { await waitUntilReadable(descriptor) }
        }
    }

    private static var all: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in heard { sigaddset(&set, signal) }
        return set
    }

    private static let heard = [SIGTERM, SIGINT, SIGHUP].filter { signal in
        var action = sigaction()
        sigaction(signal, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) != 1  // SIG_IGN
    }
}
