import Glibc

/// Waits for another process's lock in short steps of random length. SQLite's own steps grow to 100 ms,
/// during which the lock is free and taken by others.
final class BusyWait {
    var patience = Duration.zero
    private var deadline = ContinuousClock.now

    /// Called by SQLite with the number of earlier calls for the same lock. 0 gives up.
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
