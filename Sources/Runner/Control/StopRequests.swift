import RunnerStore

/// Where the daemon is told to stop, from whichever side.
public struct StopRequests: Sendable {
    let wishes: AsyncStream<StopWish>
    private let continuation: AsyncStream<StopWish>.Continuation

    init() { (wishes, continuation) = AsyncStream.makeStream() }

    func request(_ wish: StopWish) { continuation.yield(wish) }
}

/// What the daemon is to do when it stops.
enum StopWish: Equatable, Sendable {
    case end(RunnerEndReason)
    /// Become the program that is on disk now.
    case renew
}
