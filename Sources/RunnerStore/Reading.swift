/// A consistent read-only view of the store, passed to a closure.
///
/// A `Reading` or ``Writing`` must not be used after its closure has returned.
package class Reading {
    let connection: StoreConnection

    init(_ connection: StoreConnection) { self.connection = connection }

    /// The file's schema version when it was opened read-only; 0 otherwise.
    package var fileVersion: Int { connection.fileVersion }

    func rows<T>(
        _ sql: String, _ values: [StoreValue] = [], _ read: (inout Row) -> T?
    ) throws(StoreError) -> [T] {
        try connection.rows(sql, values, read)
    }
}

/// A transaction, passed to a closure: commits when the closure returns, rolls back if it throws.
package final class Writing: Reading {
    @discardableResult
    func run(_ sql: String, _ values: [StoreValue] = []) throws(StoreError) -> Int {
        try connection.run(sql, values)
    }

    var lastInsertedRow: Int64 { connection.lastInsertedRow }
}
