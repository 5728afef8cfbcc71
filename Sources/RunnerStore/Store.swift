import Dispatch

/// The daemon's store: one connection on a thread of its own, so that a slow disk or a locked
/// database blocks nobody else.
///
/// Every call is one synchronous closure, run alone. A statement waits only briefly for another
/// process's lock; the wait for a longer one happens here, between attempts.
public actor Store {
    /// The newest schema this program knows.
    public static let schemaVersion = Migration.all.last?.version ?? 0

    private var connection: StoreConnection?
    private let path: String
    private let thread = StoreThread()

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Opens the store at `path`, creating or migrating it.
    public init(path: String) throws(StoreError) {
        self.path = path
        let connection = try StoreConnection(path: path, mode: .create, busyTimeout: 5000)
        connection.setBusyTimeout(50)
        self.connection = connection
    }

    /// Runs `body` in one transaction. Tries again while another process holds the lock, for up
    /// to `patience`; the closure may so run more than once.
    @discardableResult
    public func write<T: Sendable>(
        patience: Duration = .seconds(5),
        _ body: @Sendable (StoreConnection) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                let connection = try open()
                return try connection.transaction { () throws(StoreError) -> T in try body(connection) }
            } catch where error.cause == .busy && ContinuousClock.now < deadline {
                // A cancelled caller still wants its row: the sleep only ends early.
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Runs `body` on one unchanging view of the store. Readers never wait for writers.
    public func read<T: Sendable>(
        _ body: @Sendable (StoreConnection) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        let connection = try open()
        return try connection.snapshot { () throws(StoreError) -> T in try body(connection) }
    }

    /// Lets go of the file. What is asked from now on is refused.
    public func close() { connection = nil }

    private func open() throws(StoreError) -> StoreConnection {
        guard let connection else {
            throw StoreError(.cannotOpen, action: "use", path: path, detail: "it was closed")
        }
        return connection
    }
}

/// A serial executor on a dispatch queue.
private final class StoreThread: SerialExecutor {
    private let queue = DispatchQueue(label: "store")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
