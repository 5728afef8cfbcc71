import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct InboxTests {
    private static func row(_ id: String, _ seq: Int, _ content: JSONValue, local: String? = "l") throws
        -> SessionMessageRow
    {
        var members: [String: JSONValue] = [
            "id": .string(id), "seq": .integer(Int64(seq)), "content": content,
        ]
        members["localId"] = local.map(JSONValue.string)
        return try JSON.decode(SessionMessageRow.self, from: JSON.encode(JSONValue.object(members)))
    }

    private static func text(_ text: String, from: String = "webapp", files: JSONValue = []) -> JSONValue {
        [
            "role": "user", "content": ["type": "text", "text": .string(text), "attachments": files],
            "meta": ["sentFrom": .string(from), "deliveryMode": "queue"],
        ]
    }

    @Test func aMessageIsTakenOnceHoweverOftenItComes() throws {
        var inbox = Inbox()
        let message = try Self.row("m1", 3, Self.text("hi"))
        #expect(inbox.take(message, uploads: "/up")?.key == "l")
        #expect(inbox.take(message, uploads: "/up") == nil && inbox.cursor == 3)
    }

    @Test func echoesAndWhatAgentsSaidAreNotTakenButCounted() throws {
        var inbox = Inbox()
        #expect(inbox.take(try Self.row("m1", 1, Self.text("x", from: "cli")), uploads: "/up") == nil)
        #expect(inbox.take(try Self.row("m2", 2, ["role": "agent", "content": [:]]), uploads: "/up") == nil)
        #expect(inbox.cursor == 2)
    }

    @Test func onlyUploadsOfThisSessionAreAttached() throws {
        var inbox = Inbox()
        let files = ["/up/a.png", "/etc/passwd", "/up/../etc/passwd"].map { path -> JSONValue in
            ["path": .string(path), "filename": "f", "mimeType": "image/png"]
        }
        let message = try Self.row("m1", 1, Self.text("x", files: .array(files)))
        #expect(inbox.take(message, uploads: "/up")?.attachments.map(\.path) == ["/up/a.png"])
    }

    private static let buttons: [(JSONValue, PermissionAnswer.Decision)] = [
        (["id": "c", "approved": true], .approved), (["id": "c", "approved": false], .denied),
        (["id": "c", "approved": true, "decision": "approved_for_session"], .approvedForSession),
        (["id": "c", "approved": false, "decision": "abort"], .abort),
        (["id": "c", "approved": false, "decision": "approved"], .denied), (["id": "c"], .denied),
    ]

    @Test(arguments: buttons)
    func buttonsAreUnderstood(_ given: JSONValue, _ decision: PermissionAnswer.Decision) {
        #expect(SessionCalls.decision(given)?.1.answer.decision == decision)
    }

    @Test func answersComeFlatOrNested() {
        let given: JSONValue = [
            "id": "c", "approved": true, "answers": ["0": ["Blue"], "q": ["answers": ["A", "B"]], "r": "C"],
        ]
        #expect(
            SessionCalls.decision(given)?.1.answer.answers == ["0": ["Blue"], "q": ["A", "B"], "r": ["C"]])
    }
}
