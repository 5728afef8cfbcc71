import Processes
import Testing
import UnitTestSupport

@testable import RunnerStore

@Suite final class LaunchTests: StoreTests {
    static let monitor = ProcessIdentity(pid: 300, start: 7000)
    static let process = ProcessIdentity(pid: 301, start: 7001)

    private func withRequest() throws -> Writing {
        let store = try create()
        try store.insertSession(.sample("s", runner: try store.addRunner()))
        return store
    }

    @Test func aLaunchIsRequestedThenClaimedThenLaunched() throws {
        let store = try withRequest()
        #expect(try store.session("s")?.launch == LaunchRecord(phase: .requested, host: .sample))
        #expect(try store.claimLaunch("s", by: Self.monitor, at: 10))
        #expect(
            try store.session("s")?.launch
                == LaunchRecord(phase: .claimed, host: .sample, monitor: Self.monitor))
        try store.recordLaunch("s", of: Self.process, at: 11)
        #expect(
            try store.session("s")?.launch
                == LaunchRecord(phase: .launched, host: .sample, monitor: Self.monitor, process: Self.process)
        )
    }

    @Test func aLaunchIsClaimedOnce() throws {
        let store = try withRequest()
        #expect(try store.claimLaunch("s", by: Self.monitor, at: 10))
        #expect(try !store.claimLaunch("s", by: ProcessIdentity(pid: 9, start: 9), at: 11))
        #expect(try store.session("s")?.launch.monitor == Self.monitor)
    }

    @Test func aWithdrawnLaunchCannotBeClaimed() throws {
        let store = try withRequest()
        #expect(try store.withdrawLaunch("s", because: "it was late", at: 10))
        #expect(try !store.claimLaunch("s", by: Self.monitor, at: 11))
        let session = try #require(try store.session("s"))
        #expect(session.launch.phase == .withdrawn)
        #expect(session.exit == ExitRecord(.launchFailed, message: "it was late", at: 10))
    }

    @Test func aClaimedLaunchCannotBeWithdrawn() throws {
        let store = try withRequest()
        #expect(try store.claimLaunch("s", by: Self.monitor, at: 10))
        #expect(try !store.withdrawLaunch("s", because: "it was late", at: 11))
        #expect(try store.session("s")?.exit == nil)
    }

    @Test func whatIsNotOnRecordCannotBeClaimedOrWithdrawn() throws {
        let store = try create()
        #expect(try !store.claimLaunch("nobody", by: Self.monitor, at: 1))
        #expect(try !store.withdrawLaunch("nobody", because: "", at: 1))
    }

    @Test func onlyAClaimedLaunchGetsAProcess() throws {
        let store = try withRequest()
        try store.recordLaunch("s", of: Self.process, at: 10)
        #expect(try store.session("s")?.launch.process == nil)
        #expect(try store.claimLaunch("s", by: Self.monitor, at: 11))
        try store.recordLaunch("s", of: Self.process, at: 12)
        try store.recordLaunch("s", of: ProcessIdentity(pid: 9, start: 9), at: 13)
        #expect(try store.session("s")?.launch.process == Self.process)
    }

    static let reasons: [ExitReason] = [
        .exited(code: 0), .exited(code: 255), .exited(code: -1), .signaled(signal: 9), .launchFailed,
        .vanished,
    ]

    @Test(arguments: reasons)
    func anExitIsReadAsItWasWritten(reason: ExitReason) throws {
        let store = try withRequest()
        let exit = ExitRecord(reason, message: "naïve 😀", helpers: 2, at: 20)
        #expect(try store.recordExit("s", exit))
        #expect(try store.exit(of: "s") == exit)
        #expect(try store.session("s")?.exit == exit)
    }

    @Test(arguments: reasons)
    func theFirstWordOnAnExitStands(reason: ExitReason) throws {
        let store = try withRequest()
        let first = ExitRecord(.signaled(signal: 15), at: 20)
        #expect(try store.recordExit("s", first))
        #expect(try !store.recordExit("s", ExitRecord(reason, message: "later", at: 21)))
        #expect(try store.exit(of: "s") == first)
    }

    @Test func ofAClaimAndAWithdrawalAtOnceOneWins() async throws {
        let ids = (0..<30).map { "s\($0)" }
        let store = try create()
        let runner = try store.addRunner()
        try store.connection.transaction { () throws(StoreError) in
            for id in ids { try store.insertSession(.sample(id, runner: runner)) }
        }
        let path = path
        async let claims = onThread {
            let monitor = try Writing(path: path, mode: .existing)
            return try ids.map { try monitor.claimLaunch($0, by: Self.monitor, at: 10) }
        }
        async let withdrawals = onThread {
            let runner = try Writing(path: path, mode: .create)
            return try ids.map { id in
                try runner.connection.transaction { () throws(StoreError) in
                    try runner.withdrawLaunch(id, because: "late", at: 10)
                }
            }
        }
        for (index, (claimed, withdrawn)) in zip(try await claims, try await withdrawals).enumerated() {
            #expect(claimed != withdrawn)
            let session = try #require(try store.session(ids[index]))
            #expect(session.launch.phase == (claimed ? .claimed : .withdrawn))
            #expect((session.exit == nil) == claimed)
        }
    }
}
