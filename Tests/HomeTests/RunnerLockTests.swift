import Glibc
import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Processes

@Suite final class RunnerLockTests: FolderTests {
    private static let name = "runner.state.json.lock"

    /// A process whose command line may look like a runner's.
    private func lookalike(_ words: String...) async throws -> Child {
        var launch = ProcessLaunch.shell("sleep 60; :")
        launch.arguments += words
        let child = try self.child(launch)
        await settled(child)
        return child
    }

    @Test func itsHolderIsInTheFile() throws {
        let lock = try #require(try RunnerLock.acquire(home))
        #expect(text(of: Self.name) == "\(getpid())")
        #expect(mode(of: Self.name) == 0o600)
        #expect(lock.isOwned)
    }

    @Test func oneHoldsItAtATime() throws {
        var lock = try RunnerLock.acquire(home)
        #expect(lock != nil)
        #expect(try RunnerLock.acquire(home) == nil)
        lock?.removeFile()
        #expect(text(of: Self.name) == nil)
        // Unlinking the file does not split the lock.
        #expect(try RunnerLock.acquire(home) == nil)
        lock = nil
        #expect(try RunnerLock.acquire(home) != nil)
    }

    @Test(arguments: ["", "garbage", "0", "-5", "99999999999", "2147483647", "\n"])
    func aFileThatNamesNobodyAliveIsTakenOver(text: String) throws {
        try write(text, to: Self.name)
        let lock = try #require(try RunnerLock.acquire(home))
        #expect(lock.isOwned)
    }

    @Test func aFileOfOurOwnFromBeforeIsTakenOver() throws {
        try write("\(getpid())", to: Self.name)
        #expect(try RunnerLock.acquire(home) != nil)
    }

    @Test func aFileThatNamesALiveProcessThatIsNoRunnerIsTakenOver() async throws {
        let child = try await lookalike("hapi", "runner")
        try write("\(child.pid)", to: Self.name)
        let lock = try #require(try RunnerLock.acquire(home))
        #expect(lock.isOwned)
    }

    @Test func aFileThatNamesHapisOwnRunnerIsRespected() async throws {
        let child = try await lookalike("hapi", "runner", "start-sync")
        try write(" \(child.pid)\n", to: Self.name)
        #expect(try RunnerLock.acquire(home) == nil)
        #expect(text(of: Self.name) == " \(child.pid)\n")
    }

    @Test func itRemovesNobodyElsesFile() throws {
        let lock = try #require(try RunnerLock.acquire(home))
        try write("1", to: Self.name)
        #expect(!lock.isOwned)
        lock.removeFile()
        #expect(text(of: Self.name) == "1")
    }

    @Test func aChildDoesNotKeepIt() async throws {
        var lock = try RunnerLock.acquire(home)
        #expect(lock != nil)
        let child = try await lookalike()
        lock = nil
        // Between fork and exec, a child of another test holds the descriptor too.
        for _ in 0..<200 where lock == nil {
            lock = try RunnerLock.acquire(home)
            if lock == nil { try await Task.sleep(for: .milliseconds(10)) }
        }
        #expect(lock != nil)
        #expect(ProcessTable.identity(of: child.pid) == child.identity)
    }

    @Test func ofManyWhoTryAtOnceOneGetsIt() async throws {
        try write("2147483647", to: Self.name)
        let home = home
        let locks = try await withThrowingTaskGroup(of: RunnerLock?.self) { group in
            for _ in 0..<8 { group.addTask { try await onThread { try RunnerLock.acquire(home) } } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(locks.compactMap(\.self).count == 1)
    }

    @Test func aMissingHomeIsAnErrorThatNamesIt() {
        let home = RunnerHome(path: "\(folder)/missing")
        let error = #expect(throws: FileError.self) { try RunnerLock.acquire(home) }
        #expect(error?.description == "cannot open \(folder)/missing: No such file or directory")
    }
}
