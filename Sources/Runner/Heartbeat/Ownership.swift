import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Whether this runner is still the one its files name.
enum Ownership: Equatable {
    case kept
    /// A file is gone or garbled, and no other runner wrote it: it is written again.
    case restore
    /// Another runner has taken over.
    case lost

    /// - Parameters:
    ///   - lock, state: the pids in the two files; nil where there is none.
    ///   - isRunner: whether a pid is a living runner's.
    static func judge(lock: Int32?, state: Int32?, own: Int32, isRunner: (Int32) -> Bool) -> Ownership {
        let others = [lock, state].compactMap { $0 }.filter { $0 != own }
        if others.contains(where: isRunner) { return .lost }
        return lock == own && state == own ? .kept : .restore
    }
}

/// The home was removed, or another directory is in its place: the lock on it excludes nobody any more, and the
/// store is nobody's.
struct HomeGone: Error, CustomStringConvertible {
    let home: RunnerHome
    var description: String {
        "the home \(home.path) was removed or replaced under the runner, and the lock and the store are gone "
            + "with it. Sessions keep running, and are no longer on record; start the runner again"
    }
}
