/// Checks a whole store for damage in the background: table by table, each in its own read transaction, with
/// pauses in between. Never blocks writers.
package actor StoreCheck {
    private let path: String
    private let thread = StoreThread("store check")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package init(path: String) { self.path = path }

    /// Throws the damage it finds. Returns early if the task is cancelled.
    package func run() async throws(StoreError) {
        // Leaves the disk to the start of the runner first.
        await thread.rest(milliseconds: 2000)
        let connection = try StoreConnection(path: path, mode: .existing)
        let tables = try connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'") { $0.text() }
        for table in tables where !Task.isCancelled {
            try connection.checkIntegrity(ofTable: table)
            await thread.rest(milliseconds: 50)
        }
    }
}
