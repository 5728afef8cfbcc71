import HubProtocol
import Testing

@Suite struct ExplanationTests {
    private struct Everything: Decodable {
        struct Inner: Decodable {
            var pid: Int32
            var names: [String]
        }
        var directory: String
        var yolo: Bool?
        var load: Double?
        var inner: Inner?
        var inners: [Inner]?
        var headers: [String: String]?
        var extra: [String: JSONValue]?
    }

    static let mistakes: [(String, String)] = [
        ("{}", "directory: missing"), (#"{"directory":null}"#, "directory: null, where a string is needed"),
        (#"{"directory":1}"#, "directory: a string is needed"),
        (#"{"directory":["/"]}"#, "directory: a string is needed"),
        (#"{"directory":"/","yolo":"yes"}"#, "yolo: true or false is needed"),
        (#"{"directory":"/","yolo":1}"#, "yolo: true or false is needed"),
        (#"{"directory":"/","load":"heavy"}"#, "load: a number is needed"),
        (#"{"directory":"/","inner":1}"#, "inner: an object is needed"),
        (#"{"directory":"/","inner":{}}"#, "inner.pid: missing"),
        (#"{"directory":"/","inner":{"pid":"1"}}"#, "inner.pid: a number is needed"),
        (#"{"directory":"/","inner":{"pid":1,"names":{}}}"#, "inner.names: a list is needed"),
        (#"{"directory":"/","inner":{"pid":1,"names":["a",2]}}"#, "inner.names.[1]: a string is needed"),
        (#"{"directory":"/","inners":[{"pid":1,"names":[]},{"pid":1}]}"#, "inners.[1].names: missing"),
        (#"{"directory":"/","headers":"a"}"#, "headers: an object is needed"),
        (#"{"directory":"/","headers":{"a":1}}"#, "headers.a: a string is needed"),
        (#"{"directory":"/","extra":[]}"#, "extra: an object is needed"),
        ("[]", "the document: an object is needed"), ("1", "the document: an object is needed"),
        (#""text""#, "the document: an object is needed"),
        ("null", "the document: null, where an object is needed"),
    ]

    private func explanation(_ text: String) -> String? {
        do {
            _ = try JSON.decode(Everything.self, from: text.utf8)
            return nil
        } catch {
            return (error as? DecodingError)?.explanation
        }
    }

    @Test(arguments: mistakes)
    func aMistakeIsExplainedWithItsPlace(text: String, explanation: String) {
        #expect(self.explanation(text) == explanation)
    }

    @Test(arguments: ["", "{", "nonsense", #"{"directory":"/}"#])
    func whatIsNoJSONIsCalledThat(text: String) {
        #expect(explanation(text)?.hasPrefix("not JSON") == true)
    }

    /// The decoder does not distinguish such a number from a syntax error.
    @Test(arguments: ["99999999999", "-99999999999", "1.5", "1e99"])
    func aNumberThatDoesNotFitIsNamedAsACause(number: String) throws {
        let text = #"{"directory":"/","inner":{"pid":\#(number),"names":[]}}"#
        #expect(explanation(text) == "not JSON, or a number in it does not fit")
    }

    @Test func aMissingListAtTheTopIsNamedAsOne() {
        #expect {
            try JSON.decode([String].self, from: "{}".utf8)
        } throws: {
            ($0 as? DecodingError)?.explanation == "the document: a list is needed"
        }
    }
}
