import Testing

@testable import HubProtocol

@Suite struct EqualKeysTests {
    /// As everybody else's parser has it; Foundation's keeps the first.
    @Test func ofEqualKeysTheLastOneHolds() throws {
        let text = #"{"a":1,"b":{"c":1,"c":2},"a":3}"#
        let wanted = JSONValue.object(["a": .integer(3), "b": .object(["c": .integer(2)])])
        #expect(try JSONValue(parsing: Array(text.utf8)) == wanted)
    }
}
