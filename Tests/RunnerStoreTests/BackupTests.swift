import FoundationEssentials
import Glibc
import Processes
import Testing

@testable import Processes
@testable import RunnerStore

@Suite final class BackupTests: StoreTests {
    private func filled() throws -> Writing {
        let store = try create()
        try store.insertSession(.sample("s", runner: nil, launch: .running))
        return store
    }

    @Test func aCopyTakesNoWayThatSomebodyElseHasLaid() throws {
        let store = try filled()
        try FileManager.default.createDirectory(atPath: "\(folder)/shared", withIntermediateDirectories: true)
        try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(folder)/victim"))
        symlink("\(folder)/victim", "\(folder)/shared/copy.\(getpid()).partial")
        try store.backUp(to: "\(folder)/shared/copy")
        #expect(try bytes(of: "victim") == Data("precious".utf8))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(folder)/shared").sorted()
                == ["copy", "copy.\(getpid()).partial"])
        let copy = try Writing(path: "\(folder)/shared/copy", mode: .readOnly)
        #expect(try copy.sessions(.oldestFirst, limit: .max).sessions.map(\.id) == ["s"])
        var status = stat()
        #expect(stat("\(folder)/shared/copy", &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func aCopyThatFailsLeavesNothingBehind() throws {
        let store = try filled()
        try Data("precious".utf8).write(to: URL(fileURLWithPath: "\(folder)/there"))
        let before = try files()
        for name in ["there", "missing/copy"] {
            let error = storeError { try store.backUp(to: "\(self.folder)/\(name)") }
            #expect(error?.description.contains("write the copy") == true)
        }
        #expect(try files() == before)
        #expect(try bytes(of: "there") == Data("precious".utf8))
    }

    @Test func whatAKilledRestoreLeftIsGoneAfterTheNext() async throws {
        let store = try Store(path: path)
        let left = "\(path).partial-Ab3dEf"
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
        for name in ["copy", "copy-journal"] { try Data().write(to: URL(fileURLWithPath: "\(left)/\(name)")) }
        try Data().write(to: URL(fileURLWithPath: "\(folder)/other.partial-Ab3dEf"))
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        #expect(try await store.restoreFiles())
        #expect(try files().filter { $0.contains("partial") } == ["other.partial-Ab3dEf"])
    }

    @Test(arguments: [["-wal"], ["-shm"], ["-wal", "-shm"], ["", "-wal", "-shm"]], [false, true])
    func filesThatSomebodyRemovedArePutBack(suffixes: [String], isNewer: Bool) async throws {
        if isNewer { try Writing(path: path, mode: .create).execute("PRAGMA user_version = 99") }
        let store = try Store(path: path, toleratingNewer: isNewer)
        try await store.write { connection throws(StoreError) in try connection.addRunner() }
        #expect(try await !store.restoreFiles())
        for suffix in suffixes { #expect(unlink(path + suffix) == 0) }
        // Another process opens the store and creates new files.
        _ = try? Writing(path: path, mode: .existing).newestRunners(limit: 9)
        #expect(try await store.restoreFiles())
        #expect(try await !store.restoreFiles())
        try await store.write { connection throws(StoreError) in try connection.addRunner() }
        let seen = try Writing(path: path, mode: .existing)
        #expect(try seen.newestRunners(limit: 9).count == 2)
        try seen.checkIntegrity()
        await store.close()
        #expect(try Writing(path: path, mode: .existing).newestRunners(limit: 9).count == 2)
    }

    @Test func aStoreInTheRunnersPlaceIsATroubleUntilItIsGone() async throws {
        let store = try Store(path: path)
        var troubles = store.troubles.makeAsyncIterator()
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        try Data("somebody else's".utf8).write(to: URL(fileURLWithPath: path))
        await #expect(throws: StoreError.self) { try await store.restoreFiles() }
        try await store.write { connection throws(StoreError) in try connection.addRunner() }
        #expect(await troubles.next() ?? nil != nil)
        unlink(path)
        #expect(try await store.restoreFiles())
        try await store.write { connection throws(StoreError) in try connection.addRunner() }
        #expect(await troubles.next() == .some(nil))
    }

    @Test func aCheckpointBringsAllIntoTheFile() async throws {
        let store = try Store(path: path)
        try await store.write { connection throws(StoreError) in try connection.addRunner() }
        try await store.checkpoint()
        for suffix in ["-wal", "-shm"] { #expect(unlink(path + suffix) == 0) }
        #expect(try Writing(path: path, mode: .readOnly).newestRunners(limit: 9).count == 1)
    }
}
