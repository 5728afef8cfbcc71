/// One unchanging view of the store, given to a closure. Nothing can be written through it.
///
/// Both it and ``Writing`` are good only until the closure returns.
package class Reading {
    let connection: StoreConnection

    init(_ connection: StoreConnection) { self.connection = connection }

    /// The version of the file's schema when it was opened for reading; 0 otherwise.
    package var fileVersion: Int { connection.fileVersion }

    func rows<T>(
        _ sql: String, _ values: [StoreValue] = [], _ read: (inout Row) -> T?
    ) throws(StoreError) -> [T] {
        try connection.rows(sql, values, read)
    }
}

/// A transaction, given to a closure: what is written through it is committed together when the closure
/// returns, or not at all if it throws.
package final class Writing: Reading {
    @discardableResult
    func run(_ sql: String, _ values: [StoreValue] = []) throws(StoreError) -> Int {
        try connection.run(sql, values)
    }

    var lastInsertedRow: Int64 { connection.lastInsertedRow }
}
