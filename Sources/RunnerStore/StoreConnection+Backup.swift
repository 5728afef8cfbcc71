internal import CSQLite
import Glibc
import Processes

/// Copying a whole store, while others go on using it.
extension StoreConnection {
    /// Writes a consistent copy to `path`, which must not exist. It appears there when it is whole: nobody
    /// meets a part of it, and a copy that fails leaves nothing behind.
    ///
    /// - Parameter replacing: whether it takes the place of a store that is there, with its companions.
    package func backUp(to path: String, replacing: Bool = false) throws(StoreError) {
        if !replacing && access(path, F_OK) == 0 { throw Self.copyError(path, EEXIST) }
        // In a new folder that only its owner can enter: where others may write too, none of them can lay
        // anything in the way of the copy or of the files SQLite makes beside it.
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

    /// Removes what copies to `path` have left that were killed at it. None may be at work.
    static func removePartialCopies(of path: String) {
        let (folder, beginning) = (parentDirectory(path) ?? "/", lastName(of: path) + partial)
        for name in entries(of: folder) where name.utf8.starts(with: beginning.utf8) {
            removePartialCopy("\(folder)/\(name)")
        }
    }

    /// A name that has changed is on the disk when its folder is.
    private static func flushFolder(of path: String) {
        let descriptor = Processes.open(parentDirectory(path) ?? "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// What cannot be removed does no harm.
    private static func removePartialCopy(_ folder: String) {
        for name in entries(of: folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    private static let partial = ".partial-"

    private func writeCopy(to path: String) throws(StoreError) {
        let copy = try Self.open(path, .create)
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
