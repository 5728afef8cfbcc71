import Home
import Processes
import RunnerStore
import Synchronization

/// Where the daemon is told to stop, from whichever side.
package final class StopRequests: Sendable {
    let wishes: AsyncStream<StopWish>
    private let continuation: AsyncStream<StopWish>.Continuation

    /// The first word to end, which stands above a renewal in progress.
    let end = OneShot<RunnerEndReason>()

    init() { (wishes, continuation) = AsyncStream.makeStream() }

    private let renewing = Mutex(false)

    /// Whether a renewal was asked for and is under way.
    var isRenewing: Bool { renewing.withLock { $0 } }

    func request(_ wish: StopWish) {
        switch wish {
        case .end(let reason): end.set(reason)
        case .renew: renewing.withLock { $0 = true }
        }
        continuation.yield(wish)
    }

    /// There was no moment for it: it is asked for again.
    func putOffRenewal() { renewing.withLock { $0 = false } }
}

/// What the daemon is to do when it stops.
enum StopWish: Equatable, Sendable {
    case end(RunnerEndReason)
    /// Become the program that is on disk now.
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

/// What goes on with the next image, besides the lock and the listening socket.
struct Handover: Sendable {
    let connections: [HeldConnection]
    /// What a login shell has said: empty for nothing, nil where none has answered yet.
    let searchPath: String?
}
