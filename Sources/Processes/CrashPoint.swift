import Glibc

/// A named step between two effects, where a test can end or stop the process.
///
/// Only programs built with `CRASH_POINTS` look at `HAPI_CRASH_AT`: the name of a step, where the
/// process ends as by `kill -9`; the name and `:stop`, where it is stopped as by `SIGSTOP`; or the name
/// and `:hang`, where the thread that comes by never goes on. In any other build this is nothing.
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
