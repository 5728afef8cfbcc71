internal import CSQLite
import Processes

/// A prepared statement and, while it is stepped, its current row. Lives within one call.
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
            // SQLITE_TRANSIENT, a macro Swift does not import: SQLite takes a copy.
            sqlite3_bind_text(
                handle, index, text, Int32(text.utf8.count),
                unsafeBitCast(-1 as Int, to: sqlite3_destructor_type.self))
        }
    }

    func step() -> Int32 { sqlite3_step(handle) }

    var row: Row { Row(handle: handle) }
}

/// Reads the columns of a statement's current row, in order. Valid until the next step.
struct Row {
    private let handle: OpaquePointer
    private var column: Int32 = 0

    init(handle: OpaquePointer) { self.handle = handle }

    mutating func text() -> String? {
        defer { column += 1 }
        return sqlite3_column_text(handle, column).map { String(cString: $0) }
    }

    mutating func integer() -> Int64? {
        defer { column += 1 }
        return sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : sqlite3_column_int64(handle, column)
    }

    mutating func real() -> Double? {
        defer { column += 1 }
        return sqlite3_column_type(handle, column) == SQLITE_NULL
            ? nil : sqlite3_column_double(handle, column)
    }

    mutating func time() -> Timestamp? { integer().map(Timestamp.init(milliseconds:)) }

    mutating func process() -> ProcessIdentity? {
        let (pid, start) = (integer(), integer())
        guard let pid, let start, let pid = Int32(exactly: pid) else { return nil }
        return ProcessIdentity(pid: pid, start: start)
    }

    mutating func host() -> HostIdentity? {
        let (machine, boot, namespace) = (text(), text(), integer())
        guard let machine, let boot, let namespace else { return nil }
        return HostIdentity(machine: machine, bootID: boot, pidNamespace: namespace)
    }
}
