import HubProtocol
import Processes
import Testing

@testable import hapi

struct JSONTextTests {
    private func text(_ value: JSONValue) -> String { String(decoding: JSONText(value).bytes, as: UTF8.self) }

    @Test func aDocumentHasAMemberALineAndItsKeysInOrder() {
        let value: JSONValue = ["b": [1, true, .null], "a": ["x": .number(0.5)], "c": [:], "d": []]
        #expect(
            text(value) == """
                {
                  "a" : {
                    "x" : 0.5
                  },
                  "b" : [
                    1,
                    true,
                    null
                  ],
                  "c" : {},
                  "d" : []
                }
                """)
    }

    @Test(arguments: ["", "\"\\/", "a\nb\r\t\u{0}\u{1F}\u{7F}", "é😀e\u{301}", "\u{2028}"])
    func everyTextIsReadAsItWas(words: String) throws {
        let value: JSONValue = [words: .array([.string(words)])]
        let read = try JSON.decode(JSONValue.self, from: text(value).utf8)
        #expect(read.object?.keys.first.map { Array($0.utf8) } == Array(words.utf8))
        #expect(read == value)
    }

    @Test func aByteThatIsNoTextIsShown() throws {
        let name = String(systemBytes: [0x61, 0xFF, 0x62])
        #expect(text(.string(name)) == #""a\\xffb""#)
    }

    @Test(arguments: [Int64.min, 0, Int64.max]) func numbersAreWhole(number: Int64) throws {
        let read = try JSON.decode(JSONValue.self, from: text(.integer(number)).utf8)
        #expect(read == .integer(number))
    }
}
