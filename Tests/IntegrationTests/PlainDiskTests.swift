import Glibc
import Processes
import RunnerTestSupport
import Testing

/// A home on a file system without shared memory, hard links or locks.
@Suite(.serialized) struct PlainDiskTests {
    @Test func aFileSystemWithoutSharedMemoryIsGoodEnough() async throws {
        try await TestHome.with { home in
            let plain = try await home.withoutSharedMemory()
            try await home.startRunner(plain)
            #expect(!home.exists(home.store + "-wal"))
            let id = try await home.spawn("one")
            #expect(try await home.hapi("runner", "list", "--json", changes: plain).output.contains(id))
            #expect(try await home.hapi("runner", "stop-session", id, changes: plain).status == 0)
            let copied = try await home.hapi("runner", "backup", "copy.db", changes: plain)
            #expect(copied.status == 0 && home.exists("\(home.root)/copy.db"), "\(copied)")
            let again = try await home.hapi("runner", "backup", "copy.db", changes: plain)
            #expect(again.status == 1 && again.errors.contains("exists already"), "\(again)")
            #expect(entries(of: home.path).filter { $0.contains("probe") || $0.contains("partial") }.isEmpty)
            #expect(try await home.hapi("runner", "stop", changes: plain).status == 0)
        }
    }

    @Test func aFileSystemWithoutLocksIsSaidToBeOne() async throws {
        try await TestHome.with { home in
            var plain = try await home.withoutSharedMemory()
            plain["NO_LOCKS"] = "1"
            let refused = try await home.hapi("runner", "start", changes: plain)
            #expect(refused.status == 1, "\(refused)")
            #expect(refused.errors.contains("its file system cannot lock it (Operation not supported)"))
            #expect(refused.errors.contains("hint: set HAPI_HOME to a folder on a local disk"), "\(refused)")
        }
    }

    /// As after copying the home to another file system.
    @Test func aStoreThatComesWithALogIsReadWithoutOne() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: "exit-after=0")
            try await home.ending(of: id)
            try await home.killRunner()
            #expect(home.exists(home.store + "-wal"))
            let plain = try await home.withoutSharedMemory()
            let refused = try await home.hapi("runner", "history", changes: plain)
            #expect(refused.status == 1 && refused.errors.contains("cannot share memory"), "\(refused)")
            try await home.startRunner(plain)
            let history = try await home.hapi("runner", "history", changes: plain)
            #expect(history.status == 0 && history.output.contains("exit 0"), "\(history)")
            #expect(try await home.hapi("runner", "stop", changes: plain).status == 0)
        }
    }
}
