internal import CSQLite
import Glibc

/// Copying a whole store, while others go on using it.
extension StoreConnection {
    /// Writes a consistent copy to `path`, which must not exist. It appears there when it is whole: nobody
    /// meets a part of it, and a copy that fails leaves nothing behind.
    public func backUp(to path: String) throws(StoreError) {
        let partial = "\(path).\(getpid()).partial"
        defer { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(partial + suffix) } }
        let descriptor = Glibc.open(partial, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.copyError(path, errno) }
        close(descriptor)
        try writeCopy(to: partial)
        // Unlike rename, link does not replace what is there.
        guard link(partial, path) == 0 else { throw Self.copyError(path, errno) }
    }

    private func writeCopy(to path: String) throws(StoreError) {
        let copy = try Self.open(path, .existing)
        defer { sqlite3_close_v2(copy) }
        try copyPages(to: copy)
        // One file, complete in itself.
        guard sqlite3_exec(copy, "PRAGMA journal_mode = DELETE", nil, nil, nil) == SQLITE_OK else {
            throw StoreError(
                .other(code: sqlite3_errcode(copy)), action: "finish the copy", path: path,
                detail: String(cString: sqlite3_errmsg(copy)))
        }
    }

    private static func copyError(_ path: String, _ code: Int32) -> StoreError {
        StoreError(.cannotOpen, action: "write the copy", path: path, detail: String(cString: strerror(code)))
    }

    /// Copies every page of this database over what is in `target`.
    func copyPages(to target: OpaquePointer) throws(StoreError) {
        guard let backup = sqlite3_backup_init(target, "main", handle, "main") else {
            throw StoreError(.other(code: SQLITE_NOMEM), action: "copy", path: path, detail: "out of memory")
        }
        var code: Int32
        repeat {
            code = sqlite3_backup_step(backup, -1)
            if code == SQLITE_BUSY || code == SQLITE_LOCKED { sqlite3_sleep(20) }
        } while code == SQLITE_BUSY || code == SQLITE_LOCKED
        sqlite3_backup_finish(backup)
        if code != SQLITE_DONE { throw error(code) }
    }
}
