import Home
import Processes
import RunnerStore

/// What those who wait for a session hear of it.
final class Live: Sendable {
    enum News: Sendable {
        case reported(String)
        case ended(ExitRecord)
    }

    /// The HAPI session id it reported, or how it ended before it did.
    let news = OneShot<News>()
    let ended = OneShot<ExitRecord>()
    /// Set when its monitor has said all it says about the launch.
    let launched = OneShot<Void>()
}

/// A session to be followed to its end.
struct Watch: Sendable {
    let id: String
    /// The launch in progress, where this runner started the monitor itself.
    var launch: LaunchInProgress?
}

/// A spawn request that is being answered; whoever makes it again waits for the same answer.
struct SpawnInProgress {
    let answered: OneShot<SpawnAnswer>
    let work: Task<SpawnAnswer, Never>
}

/// What came of an attempt to withdraw a launch.
enum Withdrawal {
    case withdrawn
    /// A monitor was faster.
    case claimed
    /// The store did not answer.
    case unknown
}
