import Home
import Processes
import RunnerStore
import Synchronization

/// Collects requests to stop or renew the daemon, from all sources.
package final class StopRequests: Sendable {
    let wishes: AsyncStream<StopWish>
    private let continuation: AsyncStream<StopWish>.Continuation

    /// The first request to end. It takes precedence over a renewal in progress.
    let end = OneShot<RunnerEndReason>()

    init() { (wishes, continuation) = AsyncStream.makeStream() }

    private let renewing = Mutex(false)

    /// Whether a renewal was requested and is in progress.
    var isRenewing: Bool { renewing.withLock { $0 } }

    func request(_ wish: StopWish) {
        switch wish {
        case .end(let reason): end.set(reason)
        case .renew: renewing.withLock { $0 = true }
        }
        continuation.yield(wish)
    }

    /// Gives up the renewal in progress because there was no quiet moment. The next heartbeat requests it
    /// again.
    func putOffRenewal() { renewing.withLock { $0 = false } }
}

/// What the daemon is to do when it stops.
enum StopWish: Equatable, Sendable {
    case end(RunnerEndReason)
    /// Replace this image by the program that is on disk now.
    case renew

    /// For the log.
    var words: String {
        switch self {
        case .end(let reason): reason.rawValue
        case .renew: "renewal"
        }
    }
}

/// How the daemon stops.
enum Ending: Sendable {
    case end(RunnerEndReason)
    case renew(Handover)

    var name: String {
        switch self {
        case .end(let reason): reason.rawValue
        case .renew: "renewal"
        }
    }
}

/// What the next image gets besides the lock and the listening socket.
struct Handover: Sendable {
    let connections: [HeldConnection]
    /// The login shell's PATH: empty if it gave none, nil if it has not answered yet.
    let searchPath: String?
}
