internal import CSQLite
import Glibc
import Processes

/// A connection to the store, used from one thread at a time.
///
/// The daemon has one inside its ``Store``. Commands, monitors and terminal sessions open their own.
package final class StoreConnection {
    package enum Mode: Sendable {
        /// Creates the file if it is missing, and migrates it.
        case create
        /// Reads and writes an existing file of any schema version. For monitors, whose tables never change.
        case existing
        /// Reads an existing file with a schema that this program knows.
        case readOnly
    }

    package let path: String
    /// The number of rows that were skipped because they are invalid.
    package private(set) var unreadableRows = 0
    /// The file's schema version when it was opened read-only; 0 in the other modes.
    package private(set) var fileVersion = 0
    private(set) var handle: OpaquePointer
    /// The inodes of the write-ahead log and its index; nil until ``rememberCompanions()``.
    private var companions: [UInt64?]?

    private let busyWait = BusyWait()

    /// - Parameters:
    ///   - busyTimeout: how long a statement waits for another process's lock, in milliseconds.
    ///   - flushing: whether a commit is flushed to disk. An unflushed commit survives this process but not a
    ///     power cut, which is enough for rows that name processes of this boot.
    package init(
        path: String, mode: Mode, busyTimeout: Int32 = 5000, flushing: Bool = true
    ) throws(StoreError) {
        self.path = path
        handle = try Self.open(path, mode)
        setBusyTimeout(busyTimeout)
        waitWhenBusy()
        switch mode {
        case .existing:
            try execute("PRAGMA synchronous = \(flushing ? "FULL" : "NORMAL")")
        case .create:
            try enterJournal(patience: .milliseconds(Int(busyTimeout)))
            try execute("PRAGMA synchronous = FULL")
            try execute("PRAGMA foreign_keys = ON")
            try execute("PRAGMA journal_size_limit = 4194304")
            try Migration.bringUpToDate(self)
        case .readOnly:
            fileVersion = try Migration.readableVersion(of: self)
            if fileVersion < Store.schemaVersion {
                // The runner has not migrated the file yet: migrate a copy and read that.
                try becomeCopyInMemory()
                try Migration.bringUpToDate(self)
            }
        }
    }

    deinit { sqlite3_close_v2(handle) }

    /// Checks that this program could open the store at `path` for writing, including migrations. Changes
    /// nothing. A missing store is fine.
    package static func rehearseMigrations(path: String) throws(StoreError) {
        do {
            try Migration.rehearse(on: try StoreConnection(path: path, mode: .existing))
        } catch {
            if error.cause != .missing { throw error }
        }
    }

    /// Checks the whole file for damage. Rows that violate a constraint don't count as damage; they are
    /// skipped when read.
    package func checkIntegrity() throws(StoreError) {
        try checkIntegrity("PRAGMA quick_check(1)")
    }

    /// Checks one table and its indexes for damage.
    func checkIntegrity(ofTable table: String) throws(StoreError) {
        try checkIntegrity("PRAGMA quick_check('\(table)')")
    }

    private func checkIntegrity(_ question: String) throws(StoreError) {
        try execute("PRAGMA ignore_check_constraints = ON")
        let findings = try rows(question) { $0.text() }
        guard findings == ["ok"] else {
            throw StoreError(
                .damaged, action: "use", path: path, detail: findings.first ?? "it cannot be checked")
        }
        try execute("PRAGMA ignore_check_constraints = OFF")
    }

    /// In bytes.
    var fileSize: Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Whether the open files are still the ones at their paths.
    var isInPlace: Bool { !hasMoved && !isWithoutCompanions }

    private var hasMoved: Bool {
        var moved: Int32 = 0
        return sqlite3_file_control(handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0
    }

    /// Whether the file is in place, but its write-ahead log and index were replaced or removed: a process
    /// that opens the store now would use other ones.
    var isWithoutCompanions: Bool {
        guard let companions, !hasMoved else { return false }
        return companions != Self.companions(of: path)
    }

    /// Remembers the files of this connection, which exist once it has read.
    func rememberCompanions() throws(StoreError) {
        try execute("SELECT count(*) FROM sqlite_schema")
        companions = Self.companions(of: path)
    }

    private static func companions(of path: String) -> [UInt64?] {
        ["-wal", "-shm"].map { suffix in
            var status = stat()
            return stat(path + suffix, &status) == 0 ? UInt64(status.st_ino) : nil
        }
    }

    /// Sets how long later statements wait for another process's lock, in milliseconds.
    func setBusyTimeout(_ milliseconds: Int32) { busyWait.patience = .milliseconds(Int(milliseconds)) }

    /// Whether a transaction is open. SQLite ends it by itself after some errors.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    static func open(_ path: String, _ mode: Mode) throws(StoreError) -> OpaquePointer {
        if mode == .create {
            // SQLite would create the file readable for all; its `-wal` and `-shm` get the file's mode.
            let descriptor = Processes.open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
            if descriptor >= 0 {
                fchmod(descriptor, 0o600)
                close(descriptor)
            }
        } else if access(path, F_OK) != 0 && errno == ENOENT {
            throw StoreError(.missing, action: "open", path: path, detail: "there is no such file")
        }
        let access = mode == .readOnly ? SQLITE_OPEN_READONLY | SQLITE_OPEN_URI : SQLITE_OPEN_READWRITE
        let name = mode == .readOnly && isUnchangeable(path) ? immutableURI(path) : path
        var handle: OpaquePointer?
        let code = name.withSystemText {
            sqlite3_open_v2($0, &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        }
        guard code == SQLITE_OK, let handle else {
            let detail = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw StoreError(.init(sqliteCode: code), action: "open", path: path, detail: detail)
        }
        return handle
    }

    /// Whether the file is on a read-only file system and complete without a log, so that SQLite may read it
    /// without creating its index.
    private static func isUnchangeable(_ path: String) -> Bool {
        Processes.access(path, W_OK) != 0 && errno == EROFS && Processes.access("\(path)-wal", F_OK) != 0
    }

    private static func immutableURI(_ path: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.".utf8)
        let escaped = path.systemBytes.map { byte in
            plain.contains(byte)
                ? String(UnicodeScalar(byte)) : (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
        }
        return "file:\(escaped.joined())?immutable=1"
    }

    /// Switches to a copy of the whole database in memory; the file is not changed.
    private func becomeCopyInMemory() throws(StoreError) {
        var copy: OpaquePointer?
        let code = sqlite3_open_v2(":memory:", &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        guard code == SQLITE_OK, let copy else {
            sqlite3_close_v2(copy)
            throw error(code)
        }
        do {
            try copyPages(to: copy)
        } catch {
            sqlite3_close_v2(copy)
            throw error
        }
        sqlite3_close_v2(handle)
        handle = copy
    }

    /// Runs `body` in a transaction that holds the write lock; commits, or rolls back if it throws.
    package func write<T>(_ body: (Writing) throws(StoreError) -> T) throws(StoreError) -> T {
        try transaction { () throws(StoreError) in try body(Writing(self)) }
    }

    /// Runs `body` on a consistent view of the store.
    package func read<T>(_ body: (Reading) throws(StoreError) -> T) throws(StoreError) -> T {
        try snapshot { () throws(StoreError) in try body(Reading(self)) }
    }

    func transaction<T>(_ body: () throws(StoreError) -> T) throws(StoreError) -> T {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // Fails harmlessly if SQLite has already rolled back after the error.
            sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
            throw error
        }
    }

    func snapshot<T>(_ body: () throws(StoreError) -> T) throws(StoreError) -> T {
        try execute("BEGIN")
        defer { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
        return try body()
    }

    /// Runs statements without values or results.
    func execute(_ sql: String) throws(StoreError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw error(code) }
    }

    /// Runs one statement and returns the number of changed rows.
    @discardableResult
    func run(_ sql: String, _ values: [StoreValue] = []) throws(StoreError) -> Int {
        let statement = try prepare(sql, values)
        let code = statement.step()
        guard code == SQLITE_DONE || code == SQLITE_ROW else { throw error(code) }
        return Int(sqlite3_changes(handle))
    }

    /// Runs a query. Rows for which `read` returns nil are skipped and counted as unreadable.
    func rows<T>(
        _ sql: String, _ values: [StoreValue] = [], _ read: (inout Row) -> T?
    ) throws(StoreError) -> [T] {
        var results: [T] = []
        try eachRow(sql, values) { row in
            guard let result = read(&row) else { return false }
            results.append(result)
            return true
        }
        return results
    }

    /// Runs a query and passes each row to `body`. Rows for which it returns false are counted as unreadable.
    func eachRow(
        _ sql: String, _ values: [StoreValue] = [], _ body: (inout Row) -> Bool
    ) throws(StoreError) {
        let statement = try prepare(sql, values)
        while true {
            let code = statement.step()
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw error(code) }
            var row = statement.row
            if !body(&row) { unreadableRows += 1 }
        }
    }

    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    private func prepare(_ sql: String, _ values: [StoreValue]) throws(StoreError) -> Statement {
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, sql, -1, &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw error(code) }
        let statement = Statement(handle: prepared)
        let bound = statement.bind(values)
        if bound != SQLITE_OK { throw error(bound) }
        return statement
    }

    func error(_ code: Int32) -> StoreError { StoreError(code, of: handle, path: path) }

    /// Replaces the connection by a new one, in SQLite's default modes.
    func reopen() throws(StoreError) {
        let opened = try Self.open(path, .create)
        sqlite3_close_v2(handle)
        handle = opened
        waitWhenBusy()
    }

    private func waitWhenBusy() {
        sqlite3_busy_handler(handle, BusyWait.callback, Unmanaged.passUnretained(busyWait).toOpaque())
    }
}
