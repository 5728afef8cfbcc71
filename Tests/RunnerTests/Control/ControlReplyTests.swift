import Home
import HubProtocol
import NIOCore
import Processes
import RunnerStore
import Testing

@testable import Runner

@Suite struct ControlReplyTests {
    @Test(arguments: ["", "plain", "\"quoted\\", "\u{0}\u{1}\n\t\u{1f}", "é😀\u{7f}", "a/b"])
    func aTextIsWrittenAsJSON(text: String) throws {
        var bytes: [UInt8] = []
        bytes.append(json: text)
        #expect(try JSON.decode([String].self, from: Array("[".utf8) + bytes + Array("]".utf8)) == [text])
    }

    @Test func aListIsWhatTheContractSays() throws {
        let records = [
            ReportedSession(happySessionID: "h\"1", origin: .runner, pid: 7),
            ReportedSession(happySessionID: "h2", origin: .terminal, pid: 0),
        ]
        let list = try JSON.decode(ControlMessages.SessionList.self, from: ControlReply.list(records).body)
        #expect(list.children.map(\.happySessionId) == ["h\"1", "h2"])
        #expect(list.children.map(\.pid) == [7, 0])
        #expect(list.children[1].startedBy == "hapi directly - likely by user from terminal")
        #expect(String(decoding: ControlReply.list([]).body, as: UTF8.self) == #"{"children":[]}"#)
    }

    @Test func anAnswerToHEADHasNoBody() {
        let reply = ControlReply.failure(.notFound, "no")
        let text = String(buffer: reply.encoded(keepsOpen: false, isBodyLess: true))
        #expect(text.hasPrefix("HTTP/1.1 404 Not Found\r\n") && text.hasSuffix("\r\n\r\n"))
        #expect(text.contains("Connection: close"))
    }

    @Test func connectionsAreLeftToTheNextImageWithTheirBytes() throws {
        let held = [
            HeldConnection(descriptor: 9, bytes: [0, 255, 13]), HeldConnection(descriptor: 8, bytes: []),
        ]
        let file = try #require(HeldConnection.leave(held))
        #expect(HeldConnection.left(in: file) == held)
        #expect(HeldConnection.left(in: file) == held, "an image that is gone back to reads it again")
        #expect(HeldConnection.leave([]) == nil)
        #expect(HeldConnection.left(in: -1).isEmpty)
    }
}
