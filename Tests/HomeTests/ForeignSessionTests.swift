import HubProtocol
import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import Processes

@Suite struct ForeignSessionTests {
    private func kept(_ text: String) throws -> [ForeignSession.Kept] {
        try JSON.decode([ForeignSession.Kept].self, from: text.utf8)
    }

    @Test func whatIsListedAndWhatIsKeptIsEachProcessOnce() throws {
        let kept = try kept(
            """
            [{"requestedSessionId": "a", "confirmedSessionId": "A", "pid": 1, "processStartMarker": "m1"},
             {"sessionId": "b", "pid": 2, "processStartMarker": "m2"},
             {"requestedSessionId": "gone", "pid": 3, "processStartMarker": "m3"}]
            """)
        let sessions = ForeignSession.all(
            listed: [.init(startedBy: "runner", happySessionId: "A", pid: 1)], kept: kept, exits: ["gone"])
        #expect(
            sessions == [
                ForeignSession(
                    pid: 1, happySessionID: "A", isFromRunner: true, isListed: true, startMarker: "m1"),
                ForeignSession(pid: 2, happySessionID: nil, isFromRunner: true, startMarker: "m2"),
            ])
    }

    static let markers: [(marker: String, seconds: Int64?)] = [
        ("Thu Jan  1 00:00:10 1970", 10), ("Mon Nov 30 20:35:30 2026", 1_796_070_930),
        ("", nil), ("Mon Nov 30 2026", nil), ("Mon Foo 30 20:35:30 2026", nil),
        ("Mon Nov 30 20:35:30 99999999999", nil), ("Mon Nov 30 20:35 2026", nil),
    ]

    @Test(arguments: markers) func aStartMarkerIsReadAsPsWritesIt(marker: String, seconds: Int64?) {
        #expect(ForeignSession.seconds(marker) == seconds)
    }

    struct Proof: Sendable {
        var marker: String?
        var isListed = true
        var isOwn = true
        var parent: Int32 = 1
        var hasLog = false
        let isProved: Bool
    }

    /// Of a runner with pid 7, and a process that started at second 10.
    static let proofs = [
        Proof(marker: "Thu Jan  1 00:00:11 1970", isListed: false, isProved: true),
        Proof(marker: "Thu Jan  1 00:00:20 1970", parent: 7, hasLog: true, isProved: false),
        Proof(marker: "garbage", parent: 7, isProved: false),
        Proof(parent: 7, isProved: true), Proof(hasLog: true, isProved: true),
        Proof(isProved: false), Proof(isListed: false, parent: 7, hasLog: true, isProved: false),
        Proof(isOwn: false, parent: 7, hasLog: true, isProved: false),
    ]

    @Test(arguments: proofs) func aProcessIsTheSessionOnlyWhereSomethingProvesIt(proof: Proof) {
        let session = ForeignSession(
            pid: 5, happySessionID: "s", isFromRunner: true, isListed: proof.isListed,
            startMarker: proof.marker)
        let process = ForeignProcess(
            identity: .sample(5), isOwn: proof.isOwn, parent: proof.parent, startedAt: 10,
            hasLog: proof.hasLog)
        #expect(session.isProved(by: process, runner: 7) == proof.isProved)
    }
}
