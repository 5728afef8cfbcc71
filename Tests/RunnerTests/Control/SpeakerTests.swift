import Glibc
import Testing
import UnitTestSupport

@testable import Processes
@testable import Runner

/// Which process a report may speak for.
@Suite struct SpeakerTests {
    /// The socket's owner, the runner's user, and whether a process that does not hold the socket is
    /// believed.
    @Test(
        arguments: [(0, 1000, true), (1000, 1000, false), (0, 0, false), (1001, 1000, false)]
            as [(UInt32, UInt32, Bool)])
    func onlyRootIsBelievedWithoutTheSocket(owner: UInt32, user: UInt32, isBelieved: Bool) throws {
        let child = try Child(.shell("sleep 60"))
        let lineage = Speaker.lineage(
            of: child.pid, holding: ConnectionOwner(userID: owner, inode: 1), asUser: user)
        #expect((lineage?.first?.pid == child.pid) == isBelieved)
    }

    @Test func whatTheRunnerDescendsFromIsNobodysSession() {
        let owner = ConnectionOwner(userID: 0, inode: 1)
        #expect(Speaker.lineage(of: getpid(), holding: owner, asUser: 1000) == nil)
        #expect(Speaker.lineage(of: 1, holding: owner, asUser: 1000) == nil)
    }
}
