import HubProtocol
import Testing

@testable import Home
@testable import HubClient
@testable import Processes

@Suite struct ControlMessagesTests {
    @Test func aSpawnRequestHoldsItsIdBesideTheHubsParameters() throws {
        let text =
            #"{"agent":"codex","approvedNewDirectoryCreation":false,"directory":"/work","requestId":"q"}"#
        let message = try JSON.decode(ControlMessages.SpawnSession.self, from: text.utf8)
        #expect(message.requestId == "q")
        #expect(message.parameters.directory == "/work" && message.parameters.agent == "codex")
        #expect(message.parameters.approvedNewDirectoryCreation == false)
        #expect(try JSON.text(message) == text)
    }

    @Test func hapisReportIsRead() throws {
        let text = #"""
            {"sessionId":"h","metadata":{"path":"/work","host":"vm","hostPid":28607,"startedBy":"runner",
             "startedFromRunner":true,"flavor":"claude","capabilities":{"terminal":true}}}
            """#
        let message = try JSON.decode(ControlMessages.SessionStarted.self, from: text.utf8)
        #expect(message.sessionId == "h" && message.metadata.hostPid == 28607)
        #expect(message.metadata.path == "/work" && message.metadata.flavor == "claude")
        #expect(message.excess == nil)
    }

    @Test func aFieldBeyondAllBoundsIsFoundInAReport() {
        let (id, path) = (String(repeating: "i", count: 257), "/" + String(repeating: "x", count: 4096))
        typealias Report = ControlMessages.SessionStarted
        #expect(Report(sessionId: id, metadata: .init(hostPid: 1)).excess == "sessionId")
        #expect(Report(sessionId: "h", metadata: .init(hostPid: 1, path: path)).excess == "metadata.path")
        #expect(Report(sessionId: "h", metadata: .init(hostPid: 1, flavor: id)).excess == "metadata.flavor")
    }

    @Test(
        arguments: [
            (SpawnAnswer.started(happySessionID: "h"), "started", nil), (.late("slow"), "late", "slow"),
            (.needsApproval(directory: "/d"), "needs-approval", nil), (.refused("no"), "refused", "no"),
            (.failed("oh"), "failed", "oh"),
        ] as [(SpawnAnswer, String, String?)])
    func anAnswerIsRecordedByItsKindAndError(answer: SpawnAnswer, kind: String, error: String?) {
        #expect(answer.kind.rawValue == kind)
        #expect(answer.error == error)
    }

    @Test func aStopIsAnsweredInTheHubsWords() {
        #expect(StopAnswer.stopped.rawValue == "stopped")
        #expect(StopAnswer.alreadyGone.rawValue == "already_gone")
        #expect(StopAnswer.stillAlive.rawValue == "still_alive")
    }
}
