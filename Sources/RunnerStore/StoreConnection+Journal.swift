internal import CSQLite
import Glibc
import Processes

/// Uses a write-ahead log where possible, otherwise a rollback journal. The log needs shared memory, which
/// some network file systems and FUSE with direct I/O don't offer.
extension StoreConnection {
    func enterJournal(patience: Duration) throws(StoreError) {
        // Only the first process to open a new store changes the mode. SQLite doesn't wait for another
        // process that does the same, because it already holds a lock; so the wait is here, between attempts.
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
            // Checked before the first change: a foreign database must stay unchanged.
            _ = try Migration.version(of: self)
            mode = try rows("PRAGMA journal_mode") { $0.text() }.first
        } catch  where error.cause == .noSharedMemory {
            return try leaveLog()
        }
        if mode != "wal" && Self.canShareMemory(beside: path) { try execute("PRAGMA journal_mode = WAL") }
    }

    /// Merges the log of a store that was moved here from another file system. While this connection has
    /// exclusive access, SQLite keeps the log's index in its own memory.
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

    /// Tested with a separate file, because SQLite finds out only after it has created the log.
    static func canShareMemory(beside path: String) -> Bool {
        let probe = "\(path).probe-\(getpid())-shm"
        let file = Processes.open(probe, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        // Other errors are reported when the store is written.
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
