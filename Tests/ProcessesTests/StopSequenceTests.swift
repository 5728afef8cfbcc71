import Glibc
import Synchronization
import Testing
import UnitTestSupport

@testable import Processes

@Suite final class StopSequenceTests: FolderTests {
    private static let quick = StopSequence(steps: [
        .init(signal: SIGTERM, grace: .milliseconds(300)), .init(signal: SIGKILL, grace: .seconds(10)),
    ])

    /// A shell that reports when it is ready. It ends by itself within a minute.
    private func ready(_ script: String) async throws -> Child {
        let child = try self.child(.shell(script, output: "\(folder)/out"))
        #expect(await eventually { text(of: "out")?.contains("ready") == true })
        return child
    }

    @Test func theStandardSequenceAsksAndThenInsists() {
        #expect(StopSequence.standard.steps.map(\.signal) == [SIGTERM, SIGKILL])
    }

    @Test func whoEndsWhenAskedIsNotKilled() async throws {
        let child = try await ready("trap 'exit 7' TERM; echo ready; sleep 60 & wait")
        let identity = child.identity
        let left = await StopSequence.standard.run { [identity] }
        #expect(left.isEmpty)
        #expect(await child.ended() == 7 << 8)
    }

    @Test func whoDoesNotListenIsKilled() async throws {
        let child = try await ready("trap '' TERM; echo ready; sleep 60")
        let identity = child.identity
        let left = await Self.quick.run { [identity] }
        #expect(left.isEmpty)
        #expect(await child.ended() == SIGKILL)
    }

    @Test func aWholeTreeIsEnded() async throws {
        let child = try await ready("sleep 60 & sleep 60 & sh -c 'sleep 60 & wait' & echo ready; wait")
        let root = child.identity
        #expect(await eventually { ProcessTree.now().descendants(of: [root]) { _ in false }.count >= 4 })
        let tree = ProcessTree.now().descendants(of: [root]) { _ in false }
        let left = await Self.quick.run { [root] + ProcessTree.now().descendants(of: [root]) { _ in false } }
        #expect(left.isEmpty)
        for process in tree { #expect(Observation.of(process, at: .current) == .gone) }
    }

    @Test(arguments: [2, 3]) func whatIsStartedMeanwhileIsEndedToo(seenAtLook: Int) async throws {
        let first = try await ready("trap '' TERM; echo ready; sleep 60")
        let late = try child("sleep", "60")
        let (one, both) = ([first.identity], [first.identity, late.identity])
        let looks = Mutex(0)
        let left = await Self.quick.run {
            looks.withLock { looks in
                looks += 1
                return looks < seenAtLook ? one : both
            }
        }
        #expect(left.isEmpty)
        #expect(await late.ended() == SIGKILL)
    }

    @Test func whatIsGoneAlreadyNeedsNoSignal() async throws {
        let ended = try child(.shell("exit 0"))
        #expect(await ended.ended() == 0)
        let later = ProcessIdentity(pid: ended.pid, start: ended.identity.start - 1)
        let identity = ended.identity
        #expect(await StopSequence.standard.run { [identity, later] }.isEmpty)
        #expect(await StopSequence.standard.run { [] }.isEmpty)
    }

    @Test func whoIsSuspendedIsWokenToEndByItself() async throws {
        let child = try await ready("trap 'exit 7' TERM; echo ready; sleep 60 & wait")
        let identity = child.identity
        #expect(kill(child.pid, SIGSTOP) == 0)
        #expect(await StopSequence.standard.run { [identity] }.isEmpty)
        #expect(await child.ended() == 7 << 8)
    }

    @Test func whoOutlivesAllStepsIsNamed() async throws {
        let child = try await ready("trap '' TERM; echo ready; sleep 60")
        let identity = child.identity
        let sequence = StopSequence(steps: [.init(signal: SIGTERM, grace: .milliseconds(50))])
        #expect(await sequence.run { [identity] } == [identity])
        #expect(ProcessTable.identity(of: child.pid) == identity)
    }

    @Test func aStopThatIsCancelledKillsNobody() async throws {
        let child = try await ready("trap 'echo asked' TERM; echo ready; sleep 60 & wait; wait")
        let identity = child.identity
        let stop = Task { await StopSequence.standard.run { [identity] } }
        #expect(await eventually { text(of: "out")?.contains("asked") == true })
        stop.cancel()
        #expect(await stop.value == [identity])
        #expect(ProcessTable.identity(of: child.pid) == identity)
    }
}
