import HubClient
import Processes
import RunnerStore

/// The answer to a spawn request.
package enum SpawnAnswer: Equatable, Sendable {
    case started(happySessionID: String)
    /// Its session did not report in time and keeps running.
    case late(String)
    case needsApproval(directory: String)
    case refused(String)
    case failed(String)

    package var kind: SpawnOutcomeKind {
        switch self {
        case .started: .started
        case .late: .late
        case .needsApproval: .needsApproval
        case .refused: .refused
        case .failed: .failed
        }
    }

    /// What went wrong; nil on success.
    package var error: String? {
        switch self {
        case .started, .needsApproval: nil
        case .late(let message), .refused(let message), .failed(let message): message
        }
    }
}

package enum StopAnswer: String, Sendable {
    case stopped
    case alreadyGone = "already_gone"
    case stillAlive = "still_alive"
}
