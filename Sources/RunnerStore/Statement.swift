internal import CSQLite
import Glibc
import Processes

/// A prepared statement and, while it is being stepped, its current row. Used within one call.
struct Statement: ~Copyable {
    private let handle: OpaquePointer

    init(handle: OpaquePointer) { self.handle = handle }
    deinit { sqlite3_finalize(handle) }

    /// Binds `values` in order. Returns SQLite's result code.
    func bind(_ values: [StoreValue]) -> Int32 {
        for (index, value) in values.enumerated() {
            let code = bind(value, at: Int32(index + 1))
            if code != SQLITE_OK { return code }
        }
        return SQLITE_OK
    }

    private func bind(_ value: StoreValue, at index: Int32) -> Int32 {
        switch value {
        case .null: sqlite3_bind_null(handle, index)
        case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
        case .real(let real): sqlite3_bind_double(handle, index, real)
        case .text(let text):
            // SQLITE_TRANSIENT, a macro that Swift cannot import: SQLite copies the text.
            sqlite3_bind_text(
                handle, index, text, Int32(text.utf8.count),
                unsafeBitCast(-1 as Int, to: sqlite3_destructor_type.self))
        }
    }

    func step() -> Int32 { sqlite3_step(handle) }

    var row: Row { Row(handle: handle) }
}

/// Reads the columns of a statement's current row by name, so that the order of a query's columns does not
/// matter. Valid until the next step.
struct Row {
    private let handle: OpaquePointer
    /// Where to look for the next name first: columns are mostly read in the order of the query.
    private var next: Int32 = 0

    init(handle: OpaquePointer) { self.handle = handle }

    mutating func text(_ name: StaticString) -> String? { column(name).flatMap(text) }
    mutating func integer(_ name: StaticString) -> Int64? { column(name).flatMap(integer) }
    mutating func real(_ name: StaticString) -> Double? {
        column(name).flatMap { isNull($0) ? nil : sqlite3_column_double(handle, $0) }
    }
    mutating func time(_ name: StaticString) -> Timestamp? {
        integer(name).map(Timestamp.init(milliseconds:))
    }

    mutating func process(_ pidColumn: StaticString, _ startColumn: StaticString) -> ProcessIdentity? {
        guard let pid = integer(pidColumn), let start = integer(startColumn), let pid = Int32(exactly: pid)
        else { return nil }
        return ProcessIdentity(pid: pid, start: start)
    }

    mutating func host() -> HostIdentity? {
        guard let machine = text("machine"), let boot = text("boot_id"),
            let namespace = integer("pid_namespace")
        else { return nil }
        return HostIdentity(machine: machine, bootID: boot, pidNamespace: namespace)
    }

    /// The first column, for queries with only one.
    func text() -> String? { text(0) }
    func integer() -> Int64? { integer(0) }

    private func text(_ column: Int32) -> String? {
        sqlite3_column_text(handle, column).map { String(cString: $0) }
    }

    private func integer(_ column: Int32) -> Int64? {
        isNull(column) ? nil : sqlite3_column_int64(handle, column)
    }

    private func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    private mutating func column(_ name: StaticString) -> Int32? {
        let count = sqlite3_column_count(handle)
        for step in 0..<count {
            let column = (next + step) % count
            guard let found = sqlite3_column_name(handle, column),
                strcmp(found, UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)) == 0
            else { continue }
            next = column + 1
            return column
        }
        assertionFailure("the query has no column \(name)")
        return nil
    }
}
