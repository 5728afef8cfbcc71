import HubProtocol
import Testing

@testable import Home

@Suite struct ExtraHeadersTests {
    private func read(_ json: String) throws(ConfigurationError) -> ExtraHeaders {
        try ExtraHeaders(json: json, source: "VARIABLE")
    }

    @Test func whatIsNoStringIsLeftOutAndThatIsSaid() throws {
        let headers = try read(#"{"X-A":"1","X-B":2,"X-C":null,"X-D":{"s":"s3cret"}}"#)
        #expect(headers.stated == ["X-A": "1"])
        #expect(
            headers.warnings
                == ["X-B", "X-C", "X-D"].map {
                    "VARIABLE: the value of \($0) is left out, because it is not a string"
                })
    }

    @Test func whiteSpaceAroundAValueIsNotSentAndStaysPartOfTheIdentity() throws {
        let headers = try read(#"{"X-A":" v\n"}"#)
        #expect(headers.sent == ["X-A": "v"] && headers.stated == ["X-A": " v\n"])
    }

    @Test(arguments: [
        "s3cret", "[]", #""s3cret""#, #"{"X":"s3cret""#, #"{"X-A":"s3\u0001cret"}"#, #"{"X-A":"s3\ncret"}"#,
        #"{"X-A":"s3\u007fcret"}"#, #"{"X A":"s3cret"}"#, #"{"":"s3cret"}"#, #"{"X:":"s3cret"}"#,
        #"{"X-A":"s3\u0000cret"}"#,
    ])
    func whatNoHeaderCanCarryIsRefusedByNameAndNotShown(json: String) {
        let error = #expect(throws: ConfigurationError.self) { try self.read(json) }
        #expect(error?.variable == "VARIABLE")
        #expect(error?.description.contains("cret") == false)
    }
}
