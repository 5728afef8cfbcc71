import CProcess
import Glibc
import Testing
import UnitTestSupport

@testable import Processes

/// The answers of kernels and sandboxes without pidfds.
let refusals: [Int32] = [ENOSYS, EPERM, EMFILE]

@Suite final class LaunchedProcessTests: FolderTests {
    private func launched(_ script: String, without refusal: Int32? = nil) throws -> LaunchedProcess {
        let pid = try ProcessLaunch.shell(script).start()
        return LaunchedProcess(pid: pid) { refusal.map { -$0 } ?? cprocess_pidfd_open($0) }
    }

    @Test func itTellsHowItEnded() async throws {
        #expect(try await launched("exit 7").waitForExit() == .code(7))
        #expect(try await launched("kill -9 $$").waitForExit() == .signal(SIGKILL))
    }

    @Test(arguments: refusals) func withoutADescriptorItIsSignalledAndLookedAt(refusal: Int32) async throws {
        let process = try launched("sleep 60", without: refusal)
        #expect(!process.hasEnded && process.reap() == nil)
        #expect(await !process.ended(within: .milliseconds(20)))
        #expect(process.signal(SIGTERM))
        #expect(await process.waitForExit() == .signal(SIGTERM))
    }

    @Test func onceItIsReapedItsPidIsNotSignalled() async throws {
        let process = try launched("exit 0", without: EPERM)
        #expect(await process.waitForExit() == .code(0))
        #expect(!process.signal(SIGTERM) && process.hasEnded)
        #expect(process.reap() == .code(0))
    }

    @Test func anExitThatSomebodyElseTookIsUnknown() async throws {
        let process = try launched("exit 7")
        await process.ended()
        #expect(waitpid(process.pid, nil, 0) == process.pid)
        #expect(process.reap() == .unknown)
        #expect(ChildExit.unknown.status == nil)
    }

    @Test func whoIsSuspendedIsKilledAndReapedAtOnce() throws {
        let process = try launched("kill -STOP $$; sleep 60")
        process.killAndReap(within: .seconds(10))
        #expect(process.reap() == .signal(SIGKILL))
    }

    @Test func aGroupIsEndedWithItsLeader() async throws {
        let script = "trap 'exit 3' TERM; (trap '' TERM; echo ready; exec sleep 60) & wait"
        let leader = LaunchedProcess(pid: try ProcessLaunch.shell(script, output: "\(folder)/out").start())
        #expect(await eventually { text(of: "out") == "ready\n" })
        let sequence = StopSequence(steps: [
            .init(signal: SIGTERM, grace: .seconds(10)), .init(signal: SIGKILL, grace: .seconds(10)),
        ])
        await sequence.run(group: leader)
        #expect(leader.reap() == .code(3))
        #expect(await eventually { kill(-leader.pid, 0) != 0 && errno == ESRCH })
    }

    @Test func aProgramIsStartedOffTheCallersThread() async throws {
        let process = try #require(try await ProcessLaunch.shell("exit 5").started())
        #expect(await process.waitForExit() == .code(5))
        await #expect(throws: LaunchError.self) {
            try await ProcessLaunch(program: "/nowhere", arguments: ["nowhere"], environment: []).started()
        }
    }

    @Test func whatStartsAfterItsCallerHasGoneIsKilled() async throws {
        let started = try await ProcessLaunch.shell("touch \(folder)/ran; sleep 60; touch \(folder)/survived")
            .started(within: .zero)
        // It may have started before the deadline.
        if let started { started.killAndReap(within: .seconds(10)) }
        #expect(await eventually { LaunchedProcessTests.shells(in: folder).isEmpty })
        #expect(text(of: "survived") == nil)
    }

    private static func shells(in folder: String) -> [Int32] {
        ProcessTable.processIDs().filter { pid in
            ProcessTable.arguments(of: pid).contains { $0.contains("touch \(folder)/ran") }
        }
    }
}
