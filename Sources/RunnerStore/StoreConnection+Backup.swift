internal import CSQLite
import Glibc
import Processes

/// Copying a whole store while others use it.
extension StoreConnection {
    /// Writes a consistent copy to `path`, which must not exist. The copy is moved into place when it is
    /// complete. If it fails, it leaves nothing behind.
    ///
    /// - Parameter replacing: whether to replace a store at `path`, with its `-wal` and `-shm`.
    package func backUp(to path: String, replacing: Bool = false) throws(StoreError) {
        if !replacing && access(path, F_OK) == 0 { throw Self.copyError(path, EEXIST) }
        // In a new folder that only its owner can enter: in a folder that others can write to, they could put
        // files where SQLite creates the copy.
        var template = "\(path)\(Self.partial)XXXXXX".systemBytes.map { CChar(bitPattern: $0) } + [0]
        guard mkdtemp(&template) != nil else { throw Self.copyError(path, errno) }
        let folder = String(systemBytes: template.dropLast().map { UInt8(bitPattern: $0) })
        defer { Self.removePartialCopy(folder) }
        try writeCopy(to: "\(folder)/copy")
        defer { Self.flushFolder(of: path) }
        if replacing {
            for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
            guard rename("\(folder)/copy", path) == 0 else { throw Self.copyError(path, errno) }
            return
        }
        guard renameToNew("\(folder)/copy", path) == 0 else { throw Self.copyError(path, errno) }
    }

    /// Removes what killed copies to `path` have left. No copy may be in progress.
    static func removePartialCopies(of path: String) {
        let (folder, beginning) = (parentDirectory(path) ?? "/", lastName(of: path) + partial)
        for name in entries(of: folder) where name.utf8.starts(with: beginning.utf8) {
            removePartialCopy("\(folder)/\(name)")
        }
    }

    /// Flushes the folder, because a renamed file is on disk only when its folder is.
    private static func flushFolder(of path: String) {
        let descriptor = Processes.open(parentDirectory(path) ?? "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Errors are ignored: a leftover does no harm.
    private static func removePartialCopy(_ folder: String) {
        for name in entries(of: folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private static let partial = ".partial-"

    private func writeCopy(to path: String) throws(StoreError) {
        let copy = try Self.open(path, .create)
        defer { sqlite3_close_v2(copy) }
        try copyPages(to: copy)
        // Without a write-ahead log, the copy is a single file.
        guard sqlite3_exec(copy, "PRAGMA journal_mode = DELETE", nil, nil, nil) == SQLITE_OK else {
            throw StoreError(
                .other(code: sqlite3_errcode(copy)), action: "finish the copy", path: path,
                detail: String(cString: sqlite3_errmsg(copy)))
        }
    }

    private static func copyError(_ path: String, _ code: Int32) -> StoreError {
        StoreError(.cannotOpen, action: "write the copy", path: path, detail: String(cString: strerror(code)))
    }

    /// Replaces the contents of `target` with every page of this database.
    func copyPages(to target: OpaquePointer) throws(StoreError) {
        guard let backup = sqlite3_backup_init(target, "main", handle, "main") else {
            throw StoreError(.other(code: SQLITE_NOMEM), action: "copy", path: path, detail: "out of memory")
        }
        var code: Int32
        var attempts = 0
        repeat {
            code = sqlite3_backup_step(backup, -1)
            attempts += 1
            if code == SQLITE_BUSY || code == SQLITE_LOCKED { sqlite3_sleep(20) }
        } while (code == SQLITE_BUSY || code == SQLITE_LOCKED) && attempts < 250
        sqlite3_backup_finish(backup)
        if code != SQLITE_DONE { throw error(code) }
    }
}
