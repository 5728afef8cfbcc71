import Glibc
import Testing
import UnitTestSupport

@testable import Processes

@Suite final class ProcessDescriptorTests: FolderTests {
    @Test func itTellsTheEndOfItsProcess() async throws {
        let child = try self.child(.shell("exit 3"))
        let descriptor = try #require(ProcessDescriptor(child.identity))
        await descriptor.ended()
        #expect(descriptor.hasEnded)
        #expect(await child.ended() == 3 << 8)
    }

    /// Including processes without a descriptor.
    @Test func ofManyItTellsThoseThatLiveInOneLook() async throws {
        let children = try (0..<4).map { _ in try self.child("sleep", "60") }
        var held = try children.map { try #require(ProcessDescriptor($0.identity)) }
        let bare = try #require(ProcessDescriptor(children[3].identity, open: { _ in -ENOSYS }))
        held[3] = bare
        #expect(ProcessDescriptor.haveEnded(held) == [false, false, false, false])
        kill(children[1].pid, SIGKILL)
        kill(children[3].pid, SIGKILL)
        await held[1].ended()
        await held[3].ended()
        #expect(ProcessDescriptor.haveEnded(held) == [false, true, false, true])
        #expect(ProcessDescriptor.haveEnded([nil, held[1], nil]) == [nil, true, nil])
        #expect(ProcessDescriptor.haveEnded([]) == [])
    }

    @Test func itSignalsItsProcess() async throws {
        let child = try self.child("sleep", "60")
        let descriptor = try #require(ProcessDescriptor(child.identity))
        #expect(!descriptor.hasEnded)
        #expect(descriptor.signal(SIGTERM))
        #expect(await child.ended() == SIGTERM)
    }

    @Test func itTellsTheEndOfAProcessThatIsNoChildOfOurs() async throws {
        let first = try #require(ProcessDescriptor(ProcessTable.current))
        #expect(!first.hasEnded)
        let parent = try child(.shell("sleep 60 & wait"))
        let grandchild = { ProcessTree.now().descendants(of: [parent.identity]) { _ in false }.first }
        #expect(await eventually { grandchild() != nil })
        let descriptor = try #require(grandchild().flatMap(ProcessDescriptor.init))
        descriptor.signal(SIGKILL)
        await descriptor.ended()
        #expect(descriptor.hasEnded)
    }

    @Test func somebodyElseWithTheSamePidIsNotHeld() throws {
        let child = try self.child("sleep", "60")
        #expect(ProcessDescriptor(ProcessIdentity(pid: child.pid, start: child.identity.start - 1)) == nil)
        #expect(ProcessDescriptor(ProcessIdentity(pid: Int32.max, start: 1)) == nil)
        #expect(ProcessDescriptor(ProcessIdentity(pid: -1, start: 1)) == nil)
        #expect(ProcessDescriptor(ProcessIdentity(pid: 0, start: 0)) == nil)
    }

    @Test func aProcessThatWasReapedCannotBeSignalled() async throws {
        let pid = try ProcessLaunch(program: "/bin/true", arguments: ["true"], environment: []).start()
        let descriptor = try #require(ProcessTable.identity(of: pid).flatMap(ProcessDescriptor.init))
        await descriptor.ended()
        #expect(waitpid(pid, nil, WNOHANG) == pid)
        #expect(!descriptor.signal(SIGTERM))
        #expect(descriptor.hasEnded)
    }

    @Test func cancellingEndsTheWaitAndNotTheProcess() async throws {
        let child = try self.child("sleep", "60")
        let descriptor = try #require(ProcessDescriptor(child.identity))
        let waits = (0..<10).map { _ in Task { await descriptor.ended() } }
        for wait in waits { wait.cancel() }
        for wait in waits { await wait.value }
        #expect(!descriptor.hasEnded)
    }

    @Test(arguments: refusals) func aProcessThatCannotBeHeldIsIdentifiedAtEachUse(refusal: Int32) async throws
    {
        let child = try self.child("sleep", "60")
        let process = try #require(ProcessDescriptor(child.identity) { _ in -refusal })
        let other = ProcessIdentity(pid: child.pid, start: child.identity.start - 1)
        #expect(ProcessDescriptor(other) { _ in -refusal } == nil)
        #expect(!process.hasEnded)
        let wait = Task { await process.ended() }
        #expect(process.signal(SIGTERM))
        await wait.value
        // A zombie has ended, so it is not signalled.
        #expect(process.hasEnded && !process.signal(SIGTERM))
        #expect(await child.ended() == SIGTERM)
    }

    @Test func manyMayWaitForOneProcess() async throws {
        let child = try self.child("sleep", "60")
        let descriptor = try #require(ProcessDescriptor(child.identity))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 { group.addTask { await descriptor.ended() } }
            group.addTask { _ = descriptor.signal(SIGKILL) }
        }
        #expect(descriptor.hasEnded)
    }

    @Test func allHaveEndedOnlyWhenTheLastOneHas() async throws {
        let quick = try child(.shell("exit 0"))
        let slow = try child("sleep", "60")
        let both = [quick, slow].compactMap { ProcessDescriptor($0.identity) }
        #expect(await allEnded([both[0]], within: .seconds(10)))
        #expect(await !allEnded(both, within: .milliseconds(20)))
        both[1].signal(SIGKILL)
        #expect(await allEnded(both, within: .seconds(10)))
        #expect(await allEnded([], within: .zero))
    }
}

@Suite final class ProcessTableTests: FolderTests {
    @Test func theArgumentsOfAProcessAreSeen() async throws {
        let child = try self.child(.shell("sleep 60; :"))
        await settled(child)
        #expect(ProcessTable.arguments(of: child.pid) == ["sh", "-c", "sleep 60; :"])
    }

    @Test func aVariableIsSeenAsItWasWhenTheProcessWasStarted() async throws {
        let child = try self.child("sleep", "60", environment: ["HAPI=short", "HAPI_ID=a=b", "EMPTY="])
        await settled(child)
        #expect(ProcessTable.environmentValue("HAPI_ID", of: child.pid) == "a=b")
        #expect(ProcessTable.environmentValue("HAPI", of: child.pid) == "short")
        #expect(ProcessTable.environmentValue("EMPTY", of: child.pid) == "")
        #expect(ProcessTable.environmentValue("HAPI_I", of: child.pid) == nil)
        #expect(ProcessTable.environmentValue("PATH", of: child.pid) == nil)
    }

    @Test func aZombieHasNoArgumentsAndNoVariables() async throws {
        let child = try self.child(.shell("exit 0"))
        _ = await child.ended()
        #expect(ProcessTable.status(of: child.pid)?.isZombie == true)
        #expect(ProcessTable.arguments(of: child.pid).isEmpty)
        #expect(ProcessTable.environmentValue("PATH", of: child.pid) == nil)
        #expect(Observation.of(child.identity, at: .current) == .gone)
    }

    @Test(arguments: [
        (["runner", "start-sync"], true), (["start-sync", "x", "runner"], true), (["runner"], false),
        (["start-sync"], false), (["runner start-sync"], false), ([], false),
    ])
    func aRunnerIsKnownByBothWords(words: [String], isRunner: Bool) async throws {
        var launch = ProcessLaunch.shell("sleep 60; :")
        launch.arguments += ["hapi"] + words
        let child = try self.child(launch)
        await settled(child)
        #expect(ProcessTable.isRunner(child.pid) == isRunner)
    }

    @Test func theSocketsOfAProcessAreSeen() throws {
        var ends: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        var status = stat()
        #expect(fstat(ends[0], &status) == 0)
        #expect(ProcessTable.socketInodes(of: getpid()).contains(UInt64(status.st_ino)))
        for end in ends { close(end) }
        #expect(!ProcessTable.socketInodes(of: getpid()).contains(UInt64(status.st_ino)))
    }

    @Test(arguments: [
        (SIGKILL, "SIGKILL"), (SIGTERM, "SIGTERM"), (SIGHUP, "SIGHUP"), (64, "SIG64"), (0, "SIG0"),
    ])
    func signalsHaveNames(signal: Int32, name: String) {
        #expect(signalName(signal) == name)
    }
}
