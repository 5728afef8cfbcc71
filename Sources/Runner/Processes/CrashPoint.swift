import Glibc

/// A named step between two effects, where a test can end the process as `kill -9` would.
///
/// Only programs built with `CRASH_POINTS` look at `HAPI_CRASH_AT`; in any other build this is
/// nothing.
enum CrashPoint {
    @inline(__always)
    static func reached(_ name: StaticString) {
        #if CRASH_POINTS
            if let wanted = getenv("HAPI_CRASH_AT"), String(cString: wanted) == "\(name)" { kill(getpid(), SIGKILL) }
        #endif
    }
}
