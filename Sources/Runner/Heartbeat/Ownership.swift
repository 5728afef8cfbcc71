import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Whether the state file and the lock file still name this runner.
enum Ownership: Equatable {
    case kept
    /// A file is missing or unreadable, and no other runner wrote it: write it again.
    case restore
    /// Another runner has taken over.
    case lost

    /// - Parameters:
    ///   - lock, state: the pids in the two files; nil if there is none.
    ///   - isRunner: whether a pid belongs to a live runner.
    static func judge(lock: Int32?, state: Int32?, own: Int32, isRunner: (Int32) -> Bool) -> Ownership {
        let others = [lock, state].compactMap { $0 }.filter { $0 != own }
        if others.contains(where: isRunner) { return .lost }
        return lock == own && state == own ? .kept : .restore
    }
}

/// The home was removed or replaced: the lock on it excludes no other runner any more, and nobody can find
/// the store.
struct HomeGone: Error, CustomStringConvertible {
    let home: RunnerHome
    var description: String {
        "the home \(home.path) was removed or replaced while the runner was running, and the lock and the "
            + "store with it. Sessions keep running, but can no longer be recorded; start the runner again"
    }
}
