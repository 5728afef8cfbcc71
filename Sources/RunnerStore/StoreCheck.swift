/// Looks through a whole store for damage, beside whoever uses it: table by table, each on a view of its
/// own, with a rest in between. It holds no lock that keeps anybody from writing.
package actor StoreCheck {
    private let path: String
    private let thread = StoreThread("store check")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package init(path: String) { self.path = path }

    /// Throws what it finds. Ends early, as if there were nothing, when the task is cancelled.
    package func run() async throws(StoreError) {
        // A start has better things to do.
        await thread.rest(milliseconds: 2000)
        let connection = try StoreConnection(path: path, mode: .existing)
        let tables = try connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'") { $0.text() }
        for table in tables where !Task.isCancelled {
            try connection.checkIntegrity(ofTable: table)
            await thread.rest(milliseconds: 50)
        }
    }
}
