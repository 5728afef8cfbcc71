import HubProtocol
import Testing

@Suite struct JSONParsingTests {
    @Test(arguments: [
        #"{"a":[1,-2.5,true,false,null,"x"],"b":{}}"#, "[]", " 0 ", #""""#,
        "12345678901234567890",
        "0.1234567890123456789012", #""\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00ä""#, #"{"a":{"a":[[],[{}]]}}"#,
    ])
    func itReadsWhatTheDecoderReads(_ text: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)) == JSON.decode(JSONValue.self, from: text.utf8))
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "tru", "01", "+1", "1.2.3", "\"\u{1}\"", "\"\\x\"",
        "\"\\u12\"",
        "[1 2]", "nullx", "--1", "\"open", "1e999",
    ])
    func itRefusesWhatIsNoJSON(_ text: String) {
        #expect(throws: JSONValue.ParsingError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test(arguments: ["1000", "1e3", "1000.0"]) func aWholeNumberIsAnInteger(_ text: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)) == .integer(1000))
    }

    @Test func halfASurrogateIsReplaced() throws {
        #expect(try JSONValue(parsing: Array(#""\ud83dx""#.utf8)) == "\u{fffd}x")
        #expect(try JSONValue(parsing: Array(#""\ud83d\u0041""#.utf8)) == "\u{fffd}A")
    }

    @Test func nestingIsBounded() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        #expect(throws: JSONValue.ParsingError.self) { try JSONValue(parsing: deep) }
    }
}
