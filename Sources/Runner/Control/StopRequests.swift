import RunnerStore

/// Where the daemon is told to stop, from whichever side.
public struct StopRequests: Sendable {
    let reasons: AsyncStream<RunnerEndReason>
    private let continuation: AsyncStream<RunnerEndReason>.Continuation

    init() { (reasons, continuation) = AsyncStream.makeStream() }

    func request(_ reason: RunnerEndReason) { continuation.yield(reason) }
}
