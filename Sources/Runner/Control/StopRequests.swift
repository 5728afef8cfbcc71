import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Where the daemon is told to stop, from whichever side.
package struct StopRequests: Sendable {
    let wishes: AsyncStream<StopWish>
    private let continuation: AsyncStream<StopWish>.Continuation

    /// The first word to end, which stands above a renewal in progress.
    let end = OneShot<RunnerEndReason>()

    init() { (wishes, continuation) = AsyncStream.makeStream() }

    func request(_ wish: StopWish) {
        if case .end(let reason) = wish { end.set(reason) }
        continuation.yield(wish)
    }
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
