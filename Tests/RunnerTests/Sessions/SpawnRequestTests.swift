import Home
import HubProtocol
import RunnerStore
import Testing

@testable import Runner

@Suite struct SpawnRequestTests {
    @Test(arguments: [nil, ""] as [String?]) func aRequestWithoutAnIdGetsOne(id: String?) {
        let parameters = SpawnParameters(directory: "/")
        let one = SpawnRequest(id: id, source: .http, parameters: parameters)
        let other = SpawnRequest(id: id, source: .http, parameters: parameters)
        #expect(one.id != other.id && !one.id.isEmpty)
    }

    /// The answer to a repeated request, from its record.
    @Test(
        arguments: [
            (.pending, nil, nil, nil),
            (.started, nil, "h", .started(happySessionID: "h")),
            (.started, nil, nil, .failed("its session is not on record")),
            (.late, "slow", nil, .late("slow")), (.late, "slow", "h", .started(happySessionID: "h")),
            (.needsApproval, nil, nil, .needsApproval(directory: "/work")),
            (.refused, "no", nil, .refused("no")), (.refused, nil, nil, .refused("refused")),
            (.failed, "oh", nil, .failed("oh")), (.failed, nil, nil, .failed("failed")),
        ] as [(SpawnOutcomeKind, String?, String?, SpawnAnswer?)])
    func theFirstAnswerStands(
        outcome: SpawnOutcomeKind, error: String?, happySessionID: String?, answer: SpawnAnswer?
    ) {
        let record = SpawnRequestRecord(
            id: "q", source: .hub, sessionID: "s", directory: "/work", agent: "claude", requestedAt: .now,
            outcome: outcome, error: error)
        var session = SessionRecord(
            id: "s", runnerID: 1, origin: .runner, agent: "claude", directory: "/work", createdAt: .now,
            launch: LaunchRecord(phase: .launched, host: .current))
        session.happySessionID = happySessionID
        #expect(record.answer(session) == answer)
    }

    @Test func onlyAShellIsToldWhatToType() {
        let owner = SessionRecord(
            id: "10000000", runnerID: 1, origin: .runner, agent: "claude", directory: "/", createdAt: .now,
            launch: LaunchRecord(phase: .launched, host: .current))
        #expect(owner.refusalElsewhere(of: "h", .cli).contains("hapi runner mark-ended 10000000"))
        #expect(!owner.refusalElsewhere(of: "h", .hub).contains("hapi runner"))
        #expect(owner.refusalElsewhere(of: "h", .hub).contains("session h is recorded as live"))
    }
}
