import Processes

/// One step of the schema, from `migrations/` at the repository's root.
struct Migration {
    let version: Int
    let name: String
    private let bytes: [UInt8]

    var sql: String { String(decoding: bytes, as: UTF8.self) }

    /// Every migration, oldest first. A test compares it with the folder.
    static let all = [
        Migration(version: 1, name: "m0001_initial", bytes: PackageResources.m0001_initial_sql),
        Migration(version: 2, name: "m0002_whole_life", bytes: PackageResources.m0002_whole_life_sql),
        Migration(
            version: 3, name: "m0003_names_turns_indexes",
            bytes: PackageResources.m0003_names_turns_indexes_sql),
    ]

    /// The bytes "HAPI", which identify our databases in the file header.
    static let applicationID: Int64 = 0x4841_5049

    /// Applies the missing migrations, each in one transaction with its version number.
    static func bringUpToDate(_ store: StoreConnection) throws(StoreError) {
        guard try version(of: store) < Store.schemaVersion else { return }
        for migration in all {
            try store.transaction { () throws(StoreError) in
                // Checked again under the lock: another process may have migrated meanwhile.
                guard try version(of: store) < migration.version else { return }
                try store.execute(migration.sql)
                CrashPoint.reached("migration-applied")
                try store.execute("PRAGMA application_id = \(applicationID)")
                try store.execute("PRAGMA user_version = \(migration.version)")
            }
        }
    }

    /// Applies the missing migrations in one transaction and rolls it back. Throws if they would fail.
    static func rehearse(on store: StoreConnection) throws(StoreError) {
        try store.execute("BEGIN IMMEDIATE")
        // If this throws, closing the connection rolls back.
        for migration in all where try version(of: store) < migration.version {
            try store.execute(migration.sql)
            try store.execute("PRAGMA application_id = \(applicationID)")
            try store.execute("PRAGMA user_version = \(migration.version)")
        }
        try store.execute("ROLLBACK")
    }

    /// The schema's version. Throws if this version cannot read it.
    static func readableVersion(of store: StoreConnection) throws(StoreError) -> Int {
        let version = try version(of: store)
        guard version > 0 else {
            throw StoreError(.missing, action: "read", path: store.path, detail: "it has no schema yet")
        }
        return version
    }

    /// The schema's version, 0 for an empty database. Throws for a newer or foreign one.
    static func version(of store: StoreConnection) throws(StoreError) -> Int {
        let (found, application, isEmpty) = try header(of: store)
        guard application == applicationID || (application == 0 && found == 0 && isEmpty) else {
            throw StoreError(
                .foreign, action: "open", path: store.path, detail: "it is not a database of hapi's")
        }
        guard found <= Store.schemaVersion else {
            throw StoreError(
                .newerSchema(found: Int(found), known: Store.schemaVersion), action: "open", path: store.path,
                detail:
                    "its schema is version \(found), this hapi knows versions up to \(Store.schemaVersion)")
        }
        return Int(found)
    }

    /// Read in one statement, because another process may be applying its first migration.
    private static func header(
        of store: StoreConnection
    ) throws(StoreError) -> (version: Int64, application: Int64, isEmpty: Bool) {
        let query = """
            SELECT (SELECT user_version FROM pragma_user_version) AS version,
                   (SELECT application_id FROM pragma_application_id) AS application,
                   (SELECT count(*) FROM sqlite_master) AS objects
            """
        return try store.rows(query) { row in
            (row.integer("version") ?? 0, row.integer("application") ?? 0, row.integer("objects") == 0)
        }.first ?? (0, 0, false)
    }
}
