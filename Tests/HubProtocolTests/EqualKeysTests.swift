import Testing

@testable import HubProtocol

@Suite struct EqualKeysTests {
    /// As in other parsers; Foundation's keeps the first.
    @Test func ofEqualKeysTheLastOneHolds() throws {
        let text = #"{"a":1,"b":{"c":1,"c":2},"a":3}"#
        let wanted = JSONValue.object(["a": .integer(3), "b": .object(["c": .integer(2)])])
        #expect(try JSONValue(parsing: Array(text.utf8)) == wanted)
    }

    /// A composed and a decomposed character, and characters that `String` considers equal to K and
    /// semicolon.
    @Test(arguments: [
        ["\u{E9}", "e\u{301}"], ["K", "\u{212A}"], ["\u{212A}", "K"], [";", "\u{37E}", "`", "\u{1FEF}"],
    ])
    func keysOfOtherBytesAreOtherKeys(keys: [String]) throws {
        let members = keys.enumerated().map { #""\#($1)":\#($0)"# }
        let text = "{\(members.joined(separator: ","))}"
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(value.object?.count == keys.count)
        for (index, key) in keys.enumerated() where key.utf8.count == 1 {
            #expect(value[key] == .integer(Int64(index)))
        }
        let written = try JSON.text(value)
        #expect(written.utf8.count == text.utf8.count)
        for member in members {
            #expect(Array(written.utf8).firstRange(of: Array(member.utf8)) != nil, "\(written)")
        }
        #expect(
            try JSON.text(JSONValue(parsing: Array(written.utf8))).utf8.elementsEqual(written.utf8))
    }

    @Test func aKeyOfOtherBytesHoldsTheLastOfItsOwnValues() throws {
        let text = "{\"\u{E9}\":1,\"e\u{301}\":2,\"\u{E9}\":3,\"e\u{301}\":4}"
        let written = try JSON.text(JSONValue(parsing: Array(text.utf8)))
        #expect(written.utf8.elementsEqual("{\"e\u{301}\":4,\"\u{E9}\":3}".utf8))
    }

    @Test func eachPathIsAnsweredForByItsBytes() throws {
        let answer = try JSON.text(MachineRPCMessages.existing([("/\u{E9}", true), ("/e\u{301}", false)]))
        #expect(answer.utf8.elementsEqual("{\"exists\":{\"/e\u{301}\":false,\"/\u{E9}\":true}}".utf8))
    }

    @Test(arguments: [
        #"{"a":"\"\\/\b\f\n\r\t\u0001\u007f é 😀","b":[1,-2.5,1e+30,0.1234567890123456789,true,null],"c":{},"d":[]}"#
    ])
    func aValueIsWrittenAsTheEncoderWritesIt(text: String) throws {
        struct Wrapped: Codable { let value: JSONValue }
        let value = try JSONValue(parsing: Array(text.utf8))
        let encoded = try JSON.text(Wrapped(value: value))
        #expect(try JSON.decode(Wrapped.self, from: encoded.utf8).value == value)
        #expect(try JSON.decode(JSONValue.self, from: JSON.encode(value)) == value)
        #expect(try JSON.decode(JSONValue.self, from: JSON.encode(value, pretty: true)) == value)
    }
}
