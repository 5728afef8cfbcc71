import HubProtocol
import Testing

@Suite struct JSONValueTests {
    /// In our own form: sorted keys, no spaces.
    static let documents = [
        "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "0.26",
        "1795333205279.6423", "-2.5e-08", "5e-324", "12345678901234567890",
        "-98765432109876543210987654321098765432",
        "0.1000000000000000055511151231257827", "[12345678901234567890]", #""""#, #""text""#,
        #""naïve 😀 \u0000\u001f\" \\ / é""#, "[]", "{}",
        #"[null,true,1,1.5,"a",[],{}]"#, #"{"a":{"b":{"c":[{"d":null}]}},"ключ":"значение"}"#,
        #"{"displayName":"my box","host":"vm","unknown":{"kept":true}}"#,
    ]

    @Test(arguments: documents)
    func aDocumentIsWrittenAsItWasRead(text: String) throws {
        let value = try JSON.decode(JSONValue.self, from: text.utf8)
        let again = try JSON.decode(JSONValue.self, from: JSON.encode(value))
        #expect(again == value)
        #expect(try JSON.text(value).unescaped == text.unescaped)
    }

    static let kinds: [(String, JSONValue)] = [
        ("1", .integer(1)), ("1.0", .integer(1)), ("1.5", .number(1.5)), ("true", .bool(true)),
        (#""true""#, .string("true")), (#""1""#, .string("1")), ("null", .null),
        ("1e300", .number(1e300)),
        (#"[1,"1"]"#, .array([.integer(1), .string("1")])), (#"{"a":null}"#, .object(["a": .null])),
    ]

    @Test(arguments: kinds)
    func aValueKeepsItsKind(text: String, value: JSONValue) throws {
        #expect(try JSON.decode(JSONValue.self, from: text.utf8) == value)
    }

    @Test(arguments: ["", " ", "{", "nul", "'a'", "{\"a\" 1}", "\"\\ud800\"", "1 2", "\u{FFFF}"])
    func whatIsNoJSONIsAnError(text: String) {
        #expect(throws: (any Error).self) { try JSON.decode(JSONValue.self, from: text.utf8) }
    }

    @Test func depthIsAnErrorAndNotACrash() {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(throws: (any Error).self) { try JSON.decode(JSONValue.self, from: deep.utf8) }
    }

    @Test func membersAreLookedUpByKindAndName() {
        let value = JSONValue.object([
            "s": .string("a"), "b": .bool(false), "o": .object([:]), "n": .integer(1),
        ])
        #expect(value["s"]?.string == "a")
        #expect(value["b"]?.bool == false)
        #expect(value["o"]?.object == [:])
        #expect(value["n"]?.string == nil && value["s"]?.bool == nil && value["s"]?.object == nil)
        #expect(value["absent"] == nil)
        #expect(JSONValue.array([])["s"] == nil)
    }

    @Test func keysAreInOrderAndSlashesPlain() throws {
        #expect(try JSON.text(["b": "/x/y", "a": "1"]) == #"{"a":"1","b":"/x/y"}"#)
        let pretty = String(decoding: try JSON.encode(["b": 1, "a": 2], pretty: true), as: UTF8.self)
        #expect(pretty == "{\n  \"a\" : 2,\n  \"b\" : 1\n}")
    }
}

extension String {
    /// JSON text with the escapes that may be written in more than one way made plain.
    fileprivate var unescaped: String { replacing("\\/", with: "/").lowercased() }
}
