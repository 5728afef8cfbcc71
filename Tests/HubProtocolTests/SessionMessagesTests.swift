import HubProtocol
import Testing

@Suite struct SessionMessagesTests {
    private var metadata: SessionMetadata {
        var metadata = SessionMetadata(path: "/home/dev/work", host: "vm")
        metadata.version = "0.1.0"
        metadata.os = "linux"
        metadata.machineId = machineID
        metadata.startedFromRunner = true
        metadata.hostPid = 28607
        metadata.startedBy = "runner"
        metadata.lifecycleState = "running"
        metadata.lifecycleStateSince = 1_795_335_722_556
        metadata.flavor = "claude"
        return metadata
    }

    private static let metadataText = #"""
        {"path":"/home/dev/work","host":"vm","version":"0.1.0","os":"linux","machineId":"\#(machineID)",
         "startedFromRunner":true,"hostPid":28607,"startedBy":"runner","lifecycleState":"running",
         "lifecycleStateSince":1795335722556,"flavor":"claude"}
        """#

    @Test func aSessionIsRegisteredUnderItsTag() throws {
        let registration = SessionRegistration(
            id: sessionID, tag: "2633a186", metadata: metadata, agentState: .object([:]))
        let text = #"""
            {"id":"\#(sessionID)","tag":"2633a186","metadata":\#(Self.metadataText),"agentState":{}}
            """#
        #expect(try isSame(registration, text))
    }

    @Test func theHubsAnswerIsReadWithWhatWeDoNotKnow() throws {
        let text = #"""
            {"session":{"id":"\#(sessionID)","namespace":"default","seq":0,"pinned":false,"active":false,
             "metadata":{"path":"/home/dev/work","host":"vm","hapiMcpUrl":"http://127.0.0.1:1/"},
             "metadataVersion":1,"agentState":{},"agentStateVersion":4,"thinking":false,"model":null},
             "sessionSummaryContract":false}
            """#
        let session = try JSON.decode(SessionAnswer.self, from: text.utf8).session
        #expect(session.id == sessionID)
        #expect(session.metadata?["hapiMcpUrl"]?.string == "http://127.0.0.1:1/")
        #expect(session.metadataVersion == 1)
        #expect(session.agentStateVersion == 4)
    }

    @Test func aSessionSaysThatItIsAliveAndThatItEnds() throws {
        let alive = SessionAlive(sid: sessionID, time: 1_795_335_722_602, thinking: false, mode: nil)
        #expect(try isSame(alive, #"{"sid":"\#(sessionID)","time":1795335722602,"thinking":false}"#))
        let local = SessionAlive(sid: sessionID, time: 1, thinking: true, mode: "local")
        #expect(try isSame(local, #"{"sid":"\#(sessionID)","time":1,"thinking":true,"mode":"local"}"#))
        let end = SessionEnd(sid: sessionID, time: 1_795_335_741_011, reason: "terminated")
        #expect(try isSame(end, #"{"sid":"\#(sessionID)","time":1795335741011,"reason":"terminated"}"#))
    }

    @Test func itsMetadataIsReplacedWithTheVersionThatIsExpected() throws {
        let value = try JSON.decode(JSONValue.self, from: JSON.encode(metadata))
        let update = SessionMetadataUpdate(sid: sessionID, expectedVersion: 7, metadata: value)
        let text = #"{"sid":"\#(sessionID)","expectedVersion":7,"metadata":\#(Self.metadataText)}"#
        #expect(try isSame(update, text))
    }

    @Test func metadataIsReadAsItWasWritten() throws {
        #expect(try JSON.decode(SessionMetadata.self, from: JSON.encode(metadata)) == metadata)
        #expect(try JSON.decode(SessionMetadata.self, from: Self.metadataText.utf8) == metadata)
    }
}
