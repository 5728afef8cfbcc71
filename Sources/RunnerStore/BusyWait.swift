import Glibc

/// How a statement waits for another process's lock: in short steps of uneven length. SQLite's own steps
/// grow to a tenth of a second, in which the lock is free and given to whoever comes by.
final class BusyWait {
    var patience = Duration.zero
    private var deadline = ContinuousClock.now

    /// Called by SQLite with the number of times it has called for the same lock.
    static let callback: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Int32 = { context, attempt in
        guard let context else { return 0 }
        return Unmanaged<BusyWait>.fromOpaque(context).takeUnretainedValue().goesOn(attempt) ? 1 : 0
    }

    private func goesOn(_ attempt: Int32) -> Bool {
        if attempt == 0 { deadline = .now + patience }
        guard ContinuousClock.now < deadline else { return false }
        usleep(.random(in: 300...min(5000, 1000 + 200 * useconds_t(attempt))))
        return true
    }
}
