import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct JSONRPCTests {
    static let messages: [(String, JSONRPC.Message)] = [
        (
            #"{"jsonrpc":"2.0","id":0,"method":"m","params":{"a":1}}"#,
            .request(.number(0), method: "m", params: ["a": 1])
        ),
        (#"{"id":"x","method":"m"}"#, .request(.string("x"), method: "m", params: .null)),
        (#"{"id":"","method":"m"}"#, .request(.string(""), method: "m", params: .null)),
        (#"{"id":-7,"method":""}"#, .request(.number(-7), method: "", params: .null)),
        (#"{"method":"m","params":[1]}"#, .notification(method: "m", params: [1])),
        (#"{"id":0,"result":null}"#, .success(.number(0), .null)),
        (#"{"id":3,"result":{},"error":null}"#, .success(.number(3), [:])),
        (#"{"id":"a","result":7}"#, .success(.string("a"), 7)),
        (
            #"{"id":1,"error":{"code":-32601,"message":"no"}}"#,
            .failure(.number(1), .init(code: -32601, message: "no"))
        ),
        (
            #"{"id":1,"result":{},"error":{"code":1,"message":"no","data":{"reason":"why"}}}"#,
            .failure(.number(1), .init(code: 1, message: "no", data: ["reason": "why"]))
        ),
        (
            #"{"id":1,"error":{}}"#,
            .failure(.number(1), .init(code: -32603, message: "an error without a message"))
        ),
        (
            #"{"id":1,"error":"boom"}"#,
            .failure(.number(1), .init(code: -32603, message: "an error without a message"))
        ),
    ]

    @Test(arguments: messages) func aLineIsReadAsTheMessageItIs(text: String, message: JSONRPC.Message) throws
    {
        #expect(try JSONRPC.message(JSONValue(json: text)) == message)
    }

    static let unusable: [(String, JSONRPC.ID?)] = [
        ("null", nil), ("7", nil), (#""text""#, nil), ("[]", nil), ("{}", nil), (#"{"id":1}"#, nil),
        (#"{"id":null,"result":1}"#, nil), (#"{"id":1.5,"method":"m"}"#, nil),
        (#"{"id":{},"method":"m"}"#, nil),
        (#"{"id":null,"method":"m"}"#, nil), (#"{"id":4,"method":7}"#, .number(4)), (#"{"method":[]}"#, nil),
        (#"{"error":{"code":1,"message":"m"}}"#, nil),
    ]

    @Test(arguments: unusable) func whatIsNoMessageIsToldApart(text: String, answer: JSONRPC.ID?) throws {
        let value = try JSONValue(json: text)
        let error = #expect(throws: JSONRPC.Unusable.self) { try JSONRPC.message(value) }
        #expect(error?.answer == answer)
    }

    @Test(arguments: messages.map(\.1)) func aMessageIsReadAsItWasWritten(message: JSONRPC.Message) throws {
        let text = try JSON.text(JSONRPC.document(message))
        #expect(try JSONRPC.message(JSONValue(json: text)) == message)
        #expect(!text.contains("\n"))
    }

    @Test func anAnswerBelongsToOneRequest() {
        var requests = OpenRequests<String>()
        #expect(requests.open("a", .null, for: "first") == .request(.number(1), method: "a", params: .null))
        #expect(requests.open("b", .null, for: "second") == .request(.number(2), method: "b", params: .null))
        #expect(requests.close(.number(2)) == "second")
        #expect(requests.close(.number(2)) == nil)
        #expect(requests.close(.string("1")) == nil)
        #expect(requests.close(.number(99)) == nil)
        #expect(requests.close(.number(1)) == "first")
    }

    static let failures: [(JSONRPC.Failure, String)] = [
        (.init(code: 1, message: "no"), "no"),
        (.init(code: 1, message: "Internal error", data: ["details": "why"]), "Internal error: why"),
        (.init(code: 1, message: "no", data: ["reason": "no"]), "no"),
        (.init(code: 1, message: "no", data: "text"), "no"),
    ]

    @Test(arguments: failures) func aFailureSaysWhy(failure: JSONRPC.Failure, words: String) {
        #expect("\(failure)" == words)
    }
}
