import FoundationEssentials
import Glibc
import Testing

/// A home on a small file system.
extension TestHome {
    /// Whether this process may mount file systems.
    package static let canMount: Bool = {
        guard geteuid() == 0 else { return false }
        let script = "d=$(mktemp -d) && mount -t tmpfs none $d && umount $d && rmdir $d"
        guard
            let child = try? ChildProcess(["/bin/sh", "-c", script], environment: ["PATH": Paths.searchPath])
        else {
            return false
        }
        var word: Int32 = 0
        waitpid(child.pid, &word, 0)
        return word == 0
    }()

    func mountDisk(_ size: String) async throws {
        _ = try makeDirectory("home")
        try await run(["/bin/mount", "-t", "tmpfs", "-o", "size=\(size),mode=700", "hapi-test", path])
    }

    var hasDisk: Bool {
        var (own, above) = (stat(), stat())
        return stat(path, &own) == 0 && stat(root, &above) == 0 && own.st_dev != above.st_dev
    }

    /// Remounts the disk read-only or writable. No file on it may be open for writing.
    package func remountDisk(readOnly: Bool) async throws {
        try await run(["/bin/mount", "-o", "remount,\(readOnly ? "ro" : "rw")", path])
    }

    /// Fills the home's disk completely.
    package func fillDisk() {
        let file = open(path + "/ballast", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        for size in [65_536, 4096, 512, 1] {
            let block = [UInt8](repeating: 1, count: size)
            while Glibc.write(file, block, size) > 0 {}
        }
    }

    package func freeDisk() { unlink(path + "/ballast") }

    private func run(_ command: [String]) async throws {
        let child = try start(command)
        try #require(try await child.ended() == 0, "\(command): \(child.errors)")
    }
}

extension TestHome {
    /// Runs SQL on the store that no program of ours would run, with the schema's checks disabled.
    package func forceIntoStore(_ script: String, location: SourceLocation = #_sourceLocation) async throws {
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1], timeout=10)
            store.executescript("PRAGMA ignore_check_constraints = ON;" + sys.argv[2])
            """
        let child = try start([Paths.python, "-c", program, store, script])
        try #require(try await child.ended() == 0, "\(child.errors)", sourceLocation: location)
    }

    /// Holds the store's write lock from another process until that process's input is closed.
    package func lockStore() async throws -> ChildProcess {
        try await holdStore(
            """
            store.execute("BEGIN IMMEDIATE")
            """)
    }

    /// Uses up the space of the store's write-ahead log on a full disk, and keeps a reader open so that no
    /// space is freed, until the process's input is closed.
    package func crowdStore() async throws -> ChildProcess {
        try await holdStore(
            """
            store.execute("BEGIN")
            store.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            writer = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
            try:
                writer.execute("CREATE TABLE ballast (x)")
                while True: writer.execute("INSERT INTO ballast VALUES (zeroblob(3000))")
            except sqlite3.OperationalError:
                pass
            """)
    }

    private func holdStore(_ script: String) async throws -> ChildProcess {
        let program = """
            import sqlite3, sys
            store = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
            \(script)
            print("held", flush=True)
            sys.stdin.read()
            store.execute("ROLLBACK")
            """
        let child = try start([Paths.python, "-c", program, store], input: .held)
        _ = try await child.firstLine()
        return child
    }
}
