import Dispatch
import Processes
import Synchronization

/// The daemon's store: one connection on its own thread, so that a slow disk or a locked database blocks
/// nothing else.
///
/// Every call runs one synchronous closure exclusively. Waiting writes share one transaction and so one
/// flush; each runs in a savepoint that is rolled back if it throws. A write never waits for another
/// process's lock inside SQLite: it waits here, between attempts.
package actor Store {
    /// The newest schema this program knows.
    package static let schemaVersion = Migration.all.last?.version ?? 0

    /// Files up to this size, in bytes, are checked when opened, which takes some milliseconds. Larger ones
    /// are checked in the background by a ``StoreCheck``.
    static let quickCheckLimit: Int64 = 4 << 20

    /// Whether the file was too large to be checked when it was opened.
    package nonisolated let needsCheck: Bool

    private var connection: StoreConnection?
    private let path: String
    private let mode: StoreConnection.Mode
    private let thread = StoreThread()
    private var waiting: [PendingWrite] = []
    private var isWriting = false
    private var trouble: StoreError?
    /// Persistent problems, reported even while writes succeed: missing files that cannot be restored, a
    /// damaged file.
    private var displacement: StoreError?
    private var damage: StoreError?
    private let reportTrouble: AsyncStream<StoreError?>.Continuation

    /// How long a write is retried after its caller was cancelled: it is still wanted, but must not delay the
    /// shutdown.
    private static let lastPatience = Duration.seconds(1)
    /// How long a read waits for a lock, in milliseconds. Such locks are rare and short.
    private static let readTimeout: Int32 = 50

    /// Why the store cannot be written, each time that changes; nil once it can be again.
    package nonisolated let troubles: AsyncStream<StoreError?>

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Opens the store at `path`; creates or migrates it. Throws if a quick check finds damage.
    ///
    /// - Parameter toleratingNewer: whether to open a schema that is newer than this program. Migrations only
    ///   add, so that works.
    package init(path: String, toleratingNewer: Bool = false) throws(StoreError) {
        self.path = path
        (troubles, reportTrouble) = AsyncStream.makeStream()
        mode = toleratingNewer ? .existing : .create
        let connection = try StoreConnection(path: path, mode: mode, busyTimeout: 5000)
        needsCheck = connection.fileSize > Self.quickCheckLimit
        if !needsCheck { try connection.checkIntegrity() }
        try connection.rememberCompanions()
        connection.setBusyTimeout(Self.readTimeout)
        self.connection = connection
    }

    /// Runs `body` in a transaction that other writes may share. Retries while another process holds the
    /// lock, for up to `patience`, or at most one second once the caller is cancelled. The closure may
    /// therefore run more than once.
    @discardableResult
    package func write<T: Sendable>(
        patience: Duration = .seconds(5),
        _ body: @escaping @Sendable (Writing) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let pending = PendingWrite(patience: patience)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: CheckedContinuation<Result<T, StoreError>, Never>) in
                pending.prepare(body, waiter)
                waiting.append(pending)
                if !isWriting {
                    isWriting = true
                    // As a separate job, so that calls that are already queued can share the transaction.
                    Task { await writeAll() }
                }
            }
        } onCancel: {
            pending.isCancelled.store(true, ordering: .relaxed)
        }
        return try result.get()
    }

    /// Writes until no write is waiting.
    private func writeAll() async {
        var pause = 1
        while !waiting.isEmpty {
            let batch = waiting
            waiting = []
            if attempt(batch) {
                pause = 1
                // Lets queued calls run: reads, and writes for the next transaction.
                await Task.yield()
                continue
            }
            waiting = batch.filter { write in
                if write.isCancelled.load(ordering: .relaxed) { write.hurry(Self.lastPatience) }
                guard ContinuousClock.now >= write.deadline else { return true }
                answer(write, StoreError(.busy, action: "use", path: path, detail: "database is locked"))
                return false
            }
            await thread.rest(milliseconds: .random(in: 1...pause))
            pause = min(2 * pause, 16)
        }
        isWriting = false
    }

    /// Runs `batch` in one transaction and resumes its callers. False if another process holds the lock; then
    /// no caller is resumed.
    private func attempt(_ batch: [PendingWrite]) -> Bool {
        do throws(StoreError) {
            let connection = try open()
            connection.setBusyTimeout(0)
            defer { connection.setBusyTimeout(Self.readTimeout) }
            let failures = try connection.write { writing throws(StoreError) -> [StoreError?] in
                if batch.count == 1 {
                    try batch[0].attempt(writing)
                    return [StoreError?.none]
                }
                return try batch.map { write throws(StoreError) in try writing.attempt(write) }
            }
            for (write, failure) in zip(batch, failures) { answer(write, failure) }
        } catch {
            if error.cause == .busy { return false }
            guard batch.count > 1 else {
                answer(batch[0], error)
                return true
            }
            // The failure of one write, or of the commit, rolled back all: retry each in its own transaction.
            for write in batch where !attempt([write]) { waiting.append(write) }
        }
        return true
    }

    private func answer(_ write: PendingWrite, _ failure: StoreError?) {
        note(failure)
        write.answer(failure)
    }

    /// Publishes trouble with the store. A refused row is the caller's problem, not the store's.
    private func note(_ error: StoreError?) {
        let error = error ?? displacement ?? damage
        guard error?.cause != .constraint, error?.cause != trouble?.cause else { return }
        trouble = error
        reportTrouble.yield(error)
    }

    /// Publishes that a check has found damage; reported for as long as the runner is running.
    package func note(damage error: StoreError) {
        damage = error
        note(error)
    }

    /// Runs `body` on a consistent view of the store. Readers never wait for writers.
    package func read<T: Sendable>(
        _ body: @Sendable (Reading) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try open().read(body)
    }

    /// Restores the files if they were removed or moved: the open connection still has every row. True if
    /// that was necessary. A different store in their place is left alone.
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

    /// Copies as much of the write-ahead log into the file as possible without waiting, so that little is
    /// lost with the log.
    package func checkpoint() throws(StoreError) { try open().execute("PRAGMA wal_checkpoint(PASSIVE)") }

    /// Closes the file. Later calls fail.
    package func close() { connection = nil }

    private func open() throws(StoreError) -> StoreConnection {
        guard let connection else {
            throw StoreError(.cannotOpen, action: "use", path: path, detail: "it was closed")
        }
        return connection
    }
}

extension Writing {
    /// Runs one of several writes that share this transaction. Returns the error with which it was rolled
    /// back, or nil. Throws if the whole transaction was rolled back.
    fileprivate func attempt(_ write: PendingWrite) throws(StoreError) -> StoreError? {
        try connection.execute("SAVEPOINT one")
        do throws(StoreError) {
            try write.attempt(self)
            try connection.execute("RELEASE one")
            return nil
        } catch {
            guard connection.isInTransaction else { throw error }
            try connection.execute("ROLLBACK TO one; RELEASE one")
            return error
        }
    }
}

/// A write that waits for its transaction. Unchecked: used only on the store's thread, except for
/// `isCancelled`.
private final class PendingWrite: @unchecked Sendable {
    let isCancelled = Atomic(false)
    private(set) var deadline: ContinuousClock.Instant
    private var isHurried = false
    private var body: (Writing) throws(StoreError) -> Void = { _ in }
    private var waiter: (StoreError?) -> Void = { _ in }

    init(patience: Duration) { deadline = .now + patience }

    func prepare<T: Sendable>(
        _ body: @escaping @Sendable (Writing) throws(StoreError) -> T,
        _ waiter: CheckedContinuation<Result<T, StoreError>, Never>
    ) {
        var result: T?
        self.body = { writing throws(StoreError) in result = try body(writing) }
        self.waiter = { failure in
            if let result, failure == nil { return waiter.resume(returning: .success(result)) }
            waiter.resume(
                returning: .failure(
                    failure
                        ?? StoreError(.other(code: 0), action: "write", path: "", detail: "nothing was done"))
            )
        }
    }

    func attempt(_ writing: Writing) throws(StoreError) { try body(writing) }
    func answer(_ failure: StoreError?) { waiter(failure) }

    func hurry(_ patience: Duration) {
        guard !isHurried else { return }
        isHurried = true
        deadline = min(deadline, .now + patience)
    }
}

/// A serial executor on a dispatch queue.
final class StoreThread: SerialExecutor {
    private let queue: DispatchQueue

    init(_ name: String = "store") { queue = DispatchQueue(label: name) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// Sleeps without blocking the thread, and without regard to cancellation.
    func rest(milliseconds: Int) async {
        await withCheckedContinuation { continuation in
            queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { continuation.resume() }
        }
    }
}
