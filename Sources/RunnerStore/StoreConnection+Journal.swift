internal import CSQLite
import Glibc
import Processes

/// A write-ahead log where the file system can have one, a rollback journal elsewhere: the log needs an index in
/// memory that processes share, which some network file systems and FUSE with direct I/O do not offer.
extension StoreConnection {
    func enterJournal(patience: Duration) throws(StoreError) {
        // Only the first to open a new store has anything to do here. SQLite does not wait for another one at
        // it, because of a lock it already holds; so the wait is here, between attempts.
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                return try enterJournal()
            } catch  where error.cause == .busy && ContinuousClock.now < deadline {
                usleep(10_000)
            }
        }
    }

    private func enterJournal() throws(StoreError) {
        let mode: String?
        do throws(StoreError) {
            // Looked at before the first change: what is not ours stays as it is.
            _ = try Migration.version(of: self)
            mode = try rows("PRAGMA journal_mode") { $0.text() }.first
        } catch  where error.cause == .noSharedMemory {
            return try leaveLog()
        }
        if mode != "wal" && Self.canShareMemory(beside: path) { try execute("PRAGMA journal_mode = WAL") }
    }

    /// Brings a store that came from another file system, with its log, into one file. While this connection
    /// has it alone, SQLite keeps the index to itself.
    private func leaveLog() throws(StoreError) {
        try reopen()
        do throws(StoreError) {
            try execute("PRAGMA locking_mode = EXCLUSIVE")
            _ = try Migration.version(of: self)
            try execute("PRAGMA journal_mode = DELETE")
        } catch {
            try reopen()
            throw error
        }
        try reopen()
    }

    /// Tried with a file of its own, because SQLite finds out too late: when the log is already there.
    static func canShareMemory(beside path: String) -> Bool {
        let probe = "\(path).probe-\(getpid())-shm"
        let file = Processes.open(probe, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        // What keeps a file from being made here is told of when the store is written.
        guard file >= 0 else { return true }
        defer {
            close(file)
            unlink(probe)
        }
        let size = 4096
        guard ftruncate(file, off_t(size)) == 0 else { return true }
        let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard memory != MAP_FAILED else { return false }
        munmap(memory, size)
        return true
    }
}
