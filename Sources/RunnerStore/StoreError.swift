internal import CSQLite
import Processes

/// Why an operation on the store failed: the action, the file and the cause. Never contains bound values.
package struct StoreError: Error, Equatable, CustomStringConvertible {
    package enum Cause: Equatable, Sendable {
        /// Another process holds the write lock. May be retried.
        case busy
        /// No space left on the device. May be retried later.
        case full
        case readOnly
        case missing
        case cannotOpen
        /// The file system does not support shared memory.
        case noSharedMemory
        /// The file system does not support locks.
        case noLocks
        /// The file is damaged, or not an SQLite database.
        case damaged
        /// The file is another program's database.
        case foreign
        /// The file was written by a newer version of this program.
        case newerSchema(found: Int, known: Int)
        /// The row violates a constraint of the schema.
        case constraint
        case other(code: Int32)
    }

    package let cause: Cause
    package let action: String
    package let path: String
    package let detail: String

    package init(_ cause: Cause, action: String, path: String, detail: String) {
        self.cause = cause
        self.action = action
        self.path = path
        self.detail = detail
    }

    /// The error of a failed call on this connection.
    init(_ code: Int32, of handle: OpaquePointer, path: String) {
        let cause = Cause(sqliteCode: code)
        let words = String(cString: sqlite3_errmsg(handle))
        self.init(
            cause, action: "use", path: path,
            detail: code & 0xff == SQLITE_IOERR
                ? Self.words(for: cause, words, errno: sqlite3_system_errno(handle)) : words)
    }

    /// SQLite describes each of these as "disk I/O error".
    static func words(for cause: Cause, _ words: String, errno: Int32) -> String {
        let why = errno == 0 ? "" : " (\(errorText(errno)))"
        return switch cause {
        case .noSharedMemory:
            "its file system cannot share memory between processes, as its write-ahead log needs it"
        case .noLocks: "its file system cannot lock it\(why)"
        default: words + why
        }
    }

    /// Whether retrying is pointless, because the cause is the file itself or the row. Other causes may go
    /// away: space is freed, a file system becomes writable again.
    package var isFinal: Bool {
        switch cause {
        case .damaged, .foreign, .newerSchema, .constraint: true
        case .busy, .full, .readOnly, .missing, .cannotOpen, .noSharedMemory, .noLocks, .other: false
        }
    }

    package var description: String { "cannot \(action) \(path): \(detail)" }

    /// What the user can do, if anything.
    package var hint: String? {
        switch cause {
        case .busy: "another process holds the database; try again"
        case .full: "free some space on this disk"
        case .readOnly, .cannotOpen: "check the owner and the permissions of the file and its folder"
        case .noSharedMemory:
            "start the runner: it goes on without that log; or set HAPI_HOME to a folder on a local disk"
        case .noLocks: "set HAPI_HOME to a folder on a local disk"
        case .missing: "nothing has been recorded yet; `hapi runner start` creates it"
        case .damaged: "keep the file, and restore a backup or move it away before starting again"
        case .foreign: "set HAPI_HOME to a folder of HAPI's own"
        case .newerSchema: "use the newer hapi that wrote it"
        case .constraint, .other: nil
        }
    }
}

extension StoreError.Cause {
    /// Maps SQLite's extended result code; the primary code is its low byte.
    init(sqliteCode code: Int32) {
        switch code & 0xff {
        // SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not be extended.
        case SQLITE_IOERR where code >> 8 == 19: self = .full
        // SHMOPEN, SHMLOCK and SHMMAP.
        case SQLITE_IOERR where [18, 20, 21].contains(code >> 8): self = .noSharedMemory
        // UNLOCK, RDLOCK, CHECKRESERVEDLOCK and LOCK.
        case SQLITE_IOERR where [8, 9, 14, 15].contains(code >> 8): self = .noLocks
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
        case SQLITE_FULL: self = .full
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: self = .readOnly
        case SQLITE_CANTOPEN: self = .cannotOpen
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .damaged
        case SQLITE_CONSTRAINT: self = .constraint
        default: self = .other(code: code)
        }
    }
}
