import Dispatch
import Processes

/// The daemon's store: one connection on a thread of its own, so that a slow disk or a locked
/// database blocks nobody else.
///
/// Every call is one synchronous closure, run alone. A write never waits inside SQLite for another
/// process's lock: it waits here, between attempts, so that however many wait, others are served.
package actor Store {
    /// The newest schema this program knows.
    package static let schemaVersion = Migration.all.last?.version ?? 0

    private var connection: StoreConnection?
    private let path: String
    private let mode: StoreConnection.Mode
    private let thread = StoreThread()
    private var trouble: StoreError?
    /// Why files that are gone cannot be put back: said until they are, whatever else succeeds.
    private var displacement: StoreError?
    private let reportTrouble: AsyncStream<StoreError?>.Continuation

    /// How long a write whose caller is cancelled goes on trying: it is wanted still, but it must not
    /// hold up the end of everything.
    private static let lastPatience = Duration.seconds(1)
    /// How long a read waits for a lock, which is rare and short, in milliseconds.
    private static let readTimeout: Int32 = 50

    /// Why the store could not be written, each time that changes; nil once it can be again.
    package nonisolated let troubles: AsyncStream<StoreError?>

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Opens the store at `path`, creating or migrating it. Throws for a damaged one.
    ///
    /// - Parameter toleratingNewer: whether a schema newer than this program knows is worked with, as
    ///   migrations only ever add.
    package init(path: String, toleratingNewer: Bool = false) throws(StoreError) {
        self.path = path
        (troubles, reportTrouble) = AsyncStream.makeStream()
        mode = toleratingNewer ? .existing : .create
        let connection = try StoreConnection(path: path, mode: mode, busyTimeout: 5000)
        try connection.checkIntegrity()
        try connection.rememberCompanions()
        connection.setBusyTimeout(Self.readTimeout)
        self.connection = connection
    }

    /// Runs `body` in one transaction. Tries again while another process holds the lock, for up to
    /// `patience`, and no more than a second once the caller is cancelled; the closure may so run more
    /// than once.
    @discardableResult
    package func write<T: Sendable>(
        patience: Duration = .seconds(5),
        _ body: @Sendable (StoreConnection) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        var deadline = ContinuousClock.now + patience
        var (pause, isCancelled) = (1, false)
        while true {
            do {
                let result = try attempt(body)
                note(nil)
                return result
            } catch {
                if Task.isCancelled && !isCancelled {
                    isCancelled = true
                    deadline = min(deadline, .now + Self.lastPatience)
                }
                guard error.cause == .busy && ContinuousClock.now < deadline else {
                    note(error)
                    throw error
                }
                await thread.rest(milliseconds: pause)
                pause = min(2 * pause, 32)
            }
        }
    }

    private func attempt<T>(_ body: (StoreConnection) throws(StoreError) -> T) throws(StoreError) -> T {
        let connection = try open()
        connection.setBusyTimeout(0)
        defer { connection.setBusyTimeout(Self.readTimeout) }
        return try connection.transaction { () throws(StoreError) -> T in try body(connection) }
    }

    /// A refused row is the caller's matter, not the store's.
    private func note(_ error: StoreError?) {
        let error = error ?? displacement
        guard error?.cause != .constraint, error?.cause != trouble?.cause else { return }
        trouble = error
        reportTrouble.yield(error)
    }

    /// Runs `body` on one unchanging view of the store. Readers never wait for writers.
    package func read<T: Sendable>(
        _ body: @Sendable (StoreConnection) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        let connection = try open()
        return try connection.snapshot { () throws(StoreError) -> T in try body(connection) }
    }

    /// Puts the files back where somebody removed them or moved them away: what is open still has every
    /// row. True if that was needed. A store that somebody else has put there is not touched.
    package func restoreFiles() throws(StoreError) -> Bool {
        let connection = try open()
        guard !connection.isInPlace else { return false }
        do throws(StoreError) {
            StoreConnection.removePartialCopies(of: path)
            try connection.backUp(to: path, replacing: connection.isWithoutCompanions)
            let restored = try StoreConnection(path: path, mode: mode, busyTimeout: Self.readTimeout)
            try restored.rememberCompanions()
            self.connection = restored
            displacement = nil
            return true
        } catch {
            displacement = error
            note(error)
            throw error
        }
    }

    /// Brings what is in the write-ahead log into the file, as far as nobody is in the way: so little is
    /// lost with the log.
    package func checkpoint() throws(StoreError) { try open().execute("PRAGMA wal_checkpoint(PASSIVE)") }

    /// Lets go of the file. What is asked from now on is refused.
    package func close() { connection = nil }

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

    /// Returns after a while, whether the caller is cancelled or not. Others have the thread meanwhile.
    func rest(milliseconds: Int) async {
        await withCheckedContinuation { continuation in
            queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { continuation.resume() }
        }
    }
}
