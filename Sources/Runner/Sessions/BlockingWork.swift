import Home
import HubClient
import Monitor
import NIOPosix
import Processes
import RunnerStore

/// Runs what may block without end, as a look at a network file system may, on one of a few threads kept
/// for that: it keeps its caller waiting, in time others that look, and nobody else.
enum BlockingWork {
    private static let threads = {
        let threads = NIOThreadPool(numberOfThreads: 8)
        threads.start()
        return threads
    }()

    /// Has the threads made while they can be: where processes run out, no thread can be made either.
    static func prepare() { _ = threads }

    /// nil if the caller is cancelled first; the thread is left to its work.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        let result = OneShot<Value>()
        threads.submit { state in if state == .active { result.set(body()) } }
        return await result.wait()
    }
}
