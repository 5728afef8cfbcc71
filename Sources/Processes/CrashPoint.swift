import Glibc

/// A named step between two effects, at which a test can end or suspend the process.
///
/// Only programs built with `CRASH_POINTS` read `HAPI_CRASH_AT`. The name of a step kills the process there
/// by SIGKILL, `NAME:stop` suspends it by SIGSTOP, and `NAME:hang` blocks the thread for ever.
package enum CrashPoint {
    @inline(__always)
    package static func reached(_ name: StaticString) {
        #if CRASH_POINTS
            guard let wanted = getenv(Variable.crashAt.rawValue).map({ String(cString: $0) }) else { return }
            if wanted == "\(name)" { kill(getpid(), SIGKILL) }
            if wanted == "\(name):stop" { kill(getpid(), SIGSTOP) }
            while wanted == "\(name):hang" { pause() }
        #endif
    }
}
