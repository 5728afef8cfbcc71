import FoundationEssentials
import Processes
import Testing

@testable import RunnerStore

@Suite final class ContentionTests: StoreTests {
    @Test func aWriteWaitsUntilAnotherProcessGivesUpTheLock() async throws {
        let store = try Store(path: path)
        let other = try Writing(path: path, mode: .existing)
        try other.execute("BEGIN IMMEDIATE")
        let write = Task {
            try await store.write { connection throws(StoreError) in
                try connection.addRunner()
                return ContinuousClock.now
            }
        }
        try await Task.sleep(for: .milliseconds(250))
        let released = ContinuousClock.now
        try other.execute("COMMIT")
        #expect(try await write.value >= released)
        #expect(try other.newestRunners(limit: 9).count == 1)
    }

    @Test func aWriteGivesUpWhenItsPatienceIsOver() async throws {
        let store = try Store(path: path)
        let other = try Writing(path: path, mode: .existing)
        try other.execute("BEGIN IMMEDIATE")
        let error = await #expect(throws: StoreError.self) {
            try await store.write(patience: .milliseconds(100)) { connection throws(StoreError) in
                try connection.addRunner()
            }
        }
        #expect(error?.cause == .busy)
        try other.execute("ROLLBACK")
        try await store.write { connection throws(StoreError) in try connection.addRunner() }
    }

    @Test func readersAreNotBlockedByAWriter() async throws {
        let store = try Store(path: path)
        try await store.write { connection throws(StoreError) in try connection.addRunner() }
        let other = try Writing(path: path, mode: .existing)
        try other.execute("BEGIN IMMEDIATE")
        try other.addRunner(pid: 2)
        let count = try await store.read { connection throws(StoreError) in
            try connection.newestRunners(limit: 9).count
        }
        #expect(count == 1)
        let reader = try Writing(path: path, mode: .readOnly, busyTimeout: 0)
        #expect(try reader.newestRunners(limit: 9).count == 1)
        try other.execute("COMMIT")
        #expect(try reader.newestRunners(limit: 9).count == 2)
    }

    @Test func readersAreServedWhileAWriteWaits() async throws {
        let store = try Store(path: path)
        let other = try Writing(path: path, mode: .existing)
        try other.execute("BEGIN IMMEDIATE")
        async let write: Void = store.write(patience: .seconds(30)) { connection throws(StoreError) in
            _ = try connection.addRunner()
        }
        for _ in 0..<5 {
            let count = try await store.read { connection throws(StoreError) in
                try connection.newestRunners(limit: 9).count
            }
            #expect(count == 0)
        }
        try other.execute("COMMIT")
        try await write
    }

    @Test func aSnapshotDoesNotChange() throws {
        let store = try create()
        let other = try Writing(path: path, mode: .existing)
        let counts = try store.connection.snapshot { () throws(StoreError) in
            let before = try store.newestRunners(limit: 9).count
            try other.addRunner()
            return (before, try store.newestRunners(limit: 9).count)
        }
        #expect(counts == (0, 0))
        #expect(try store.newestRunners(limit: 9).count == 1)
    }

    @Test func anErrorOfTheClosureIsNotTriedAgain() async throws {
        let store = try Store(path: path)
        let error = await #expect(throws: StoreError.self) {
            try await store.write { connection throws(StoreError) in
                try connection.addRunner()
                try connection.recordEvent("nobody", "kind", detail: nil, at: 1)
            }
        }
        #expect(error?.cause == .constraint)
        let count = try await store.read { connection throws(StoreError) in
            try connection.newestRunners(limit: 9).count
        }
        #expect(count == 0)
    }

    @Test func aCancelledCallerStillGetsItsRow() async throws {
        let store = try Store(path: path)
        let other = try Writing(path: path, mode: .existing)
        try other.execute("BEGIN IMMEDIATE")
        let write = Task {
            try await store.write { connection throws(StoreError) in try connection.addRunner() }
        }
        write.cancel()
        try await Task.sleep(for: .milliseconds(100))
        try other.execute("COMMIT")
        _ = try await write.value
        #expect(try other.newestRunners(limit: 9).count == 1)
    }

    @Test func aCancelledCallerDoesNotWaitLong() async throws {
        let store = try Store(path: path)
        let other = try Writing(path: path, mode: .existing)
        try other.execute("BEGIN IMMEDIATE")
        let start = ContinuousClock.now
        let write = Task {
            try await store.write(patience: .seconds(600)) { connection throws(StoreError) in
                try connection.addRunner()
            }
        }
        write.cancel()
        await #expect(throws: StoreError.self) { try await write.value }
        #expect(start.duration(to: .now) < .seconds(20))
        try other.execute("COMMIT")
    }

    @Test func readersAreServedHoweverManyWritesWait() async throws {
        let store = try Store(path: path)
        let other = try Writing(path: path, mode: .existing)
        try other.execute("BEGIN IMMEDIATE")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await store.write(patience: .seconds(600)) { connection throws(StoreError) in
                        _ = try connection.addRunner()
                    }
                }
            }
            // If each of them blocked the thread for only 50 ms, this would take minutes.
            let start = ContinuousClock.now
            for _ in 0..<20 {
                try await Task.sleep(for: .milliseconds(5))
                let count = try await store.read { connection throws(StoreError) in
                    try connection.newestRunners(limit: 9).count
                }
                #expect(count == 0)
            }
            #expect(start.duration(to: .now) < .seconds(60))
            try other.execute("COMMIT")
            try await group.waitForAll()
        }
        #expect(try other.newestRunners(limit: 999).count == 200)
    }

    @Test func writesThatWaitShareATransactionAndAreTakenBackOneByOne() async throws {
        let store = try Store(path: path)
        let other = try Writing(path: path, mode: .existing)
        try other.execute("BEGIN IMMEDIATE")
        let outcomes = try await withThrowingTaskGroup(of: StoreError.Cause?.self) { group in
            for number in 1...20 {
                group.addTask {
                    do throws(StoreError) {
                        try await store.write(patience: .seconds(60)) { connection throws(StoreError) in
                            try connection.addRunner(pid: Int32(number))
                            if number % 4 == 0 {
                                try connection.recordEvent("nobody", "k", detail: nil, at: 1)
                            }
                        }
                        return nil
                    } catch {
                        return error.cause
                    }
                }
            }
            try await Task.sleep(for: .milliseconds(100))
            try other.execute("COMMIT")
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == .constraint }.count == 5)
        #expect(outcomes.filter { $0 == nil }.count == 15)
        let pids = try other.newestRunners(limit: 99).map(\.process.pid)
        #expect(pids.sorted() == (1...20).filter { $0 % 4 != 0 })
    }

    @Test func aWriteThatIsNotFlushedIsSeenByOthersAllTheSame() throws {
        _ = try create()
        let store = try Writing(path: path, mode: .existing, flushing: false)
        try store.addRunner()
        #expect(try create().newestRunners(limit: 9).count == 1)
    }
}

@Suite final class StoreCheckTests: StoreTests {
    private func fill() throws {
        let store = try create()
        let runner = try store.addRunner()
        try store.connection.transaction { () throws(StoreError) in
            try store.insertSession(.sample("s", runner: runner))
            let detail = String(repeating: "x", count: 100_000)
            for time in 0..<60 {
                try store.recordEvent("s", "k", detail: detail, at: Timestamp(milliseconds: Int64(time)))
            }
        }
        try store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    @Test func aLargeStoreIsCheckedBesideTheService() async throws {
        try fill()
        let store = try Store(path: path)
        #expect(store.needsCheck)
        try await StoreCheck(path: path).run()
    }

    @Test func whatIsFoundIsSaidForAsLongAsTheStoreIsUsed() async throws {
        try fill()
        let page = 4096
        var bytes = try bytes()
        let middle = bytes.count / page / 2 * page
        bytes.replaceSubrange(middle..<(middle + 40 * page), with: [UInt8](repeating: 0xa5, count: 40 * page))
        try bytes.write(to: URL(fileURLWithPath: path))
        let store = try Store(path: path)
        let error = await #expect(throws: StoreError.self) { try await StoreCheck(path: self.path).run() }
        #expect(error?.cause == .damaged)
        await store.note(damage: try #require(error))
        try await store.write { connection throws(StoreError) in try connection.addRunner() }
        var troubles = store.troubles.makeAsyncIterator()
        #expect(await troubles.next()??.cause == .damaged)
        await store.close()
    }

    @Test func aSmallStoreIsCheckedBeforeItIsUsed() throws {
        _ = try create()
        #expect(try Store(path: path).needsCheck == false)
    }
}
