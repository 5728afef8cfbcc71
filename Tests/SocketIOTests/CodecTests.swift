import Testing

@testable import SocketIO

@Suite struct EngineIOPacketTests {
    private func decode(_ text: String) throws(MalformedPacket) -> EngineIOPacket {
        try EngineIOPacket(decoding: Array(text.utf8)[...])
    }

    @Test func everyTypeIsRead() throws {
        #expect(try decode("1") == .close)
        #expect(try decode("2probe") == .ping(Array("probe".utf8)[...]))
        #expect(try decode("3") == .pong([]))
        #expect(try decode("42[]") == .message(Array("2[]".utf8)[...]))
        #expect(try decode("5") == .upgrade)
        #expect(try decode("6") == .noop)
    }

    @Test func theHandshakeIsRead() throws {
        let text =
            #"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#
        let handshake = EngineIOHandshake(
            pingInterval: .seconds(25), pingTimeout: .seconds(20), maximumPayload: 1_000_000)
        #expect(try decode(text) == .open(handshake))
        #expect(handshake.patience == .seconds(45))
    }

    @Test(arguments: [
        "", "9", "b4", "{}", "0", "0{", "0[]", "0null", #"0{"pingInterval":1}"#,
        #"0{"pingInterval":0,"pingTimeout":1}"#, #"0{"pingInterval":-5,"pingTimeout":1}"#,
        #"0{"pingInterval":1e300,"pingTimeout":1}"#, #"0{"pingInterval":1e999,"pingTimeout":1}"#,
        #"0{"pingInterval":"1","pingTimeout":1}"#, #"0{"pingInterval":1,"pingTimeout":1,"maxPayload":-1}"#,
        "0" + String(repeating: "[", count: 100_000),
    ])
    func nonsenseIsRefused(text: String) {
        #expect(throws: MalformedPacket.self) { try decode(text) }
    }

    @Test func aHugeMaximumPayloadIsNoLimit() throws {
        let packet = try decode(#"0{"pingInterval":1,"pingTimeout":1,"maxPayload":1e300}"#)
        guard case .open(let handshake) = packet else { throw MalformedPacket.empty }
        #expect(handshake.maximumPayload == .max)
    }
}

@Suite struct SocketIOPacketTests {
    private func decode(_ text: String) throws(MalformedPacket) -> SocketIOPacket {
        try SocketIOPacket(decoding: Array(text.utf8)[...])
    }

    private static func packet(
        _ kind: SocketIOPacket.Kind, _ payload: String = "", in namespace: String = "/", id: Int? = nil,
        attachments: Int = 0
    ) -> SocketIOPacket {
        SocketIOPacket(
            kind: kind, namespace: namespace, id: id, attachmentCount: attachments,
            payload: Array(payload.utf8)[...])
    }

    static let both: [(String, SocketIOPacket)] = [
        ("0", packet(.connect)),
        (#"0/room,{"token":"x"}"#, packet(.connect, #"{"token":"x"}"#, in: "/room")),
        (#"0{"sid":"x"}"#, packet(.connect, #"{"sid":"x"}"#)),
        ("1/room,", packet(.disconnect, in: "/room")),
        (#"2["a"]"#, packet(.event, #"["a"]"#)),
        (#"2/room,12["a",1]"#, packet(.event, #"["a",1]"#, in: "/room", id: 12)),
        (#"30["a"]"#, packet(.acknowledgement, #"["a"]"#, id: 0)),
        (#"3/room,7[]"#, packet(.acknowledgement, "[]", in: "/room", id: 7)),
        (#"4/room,{"message":"no"}"#, packet(.connectError, #"{"message":"no"}"#, in: "/room")),
        (
            #"52-/room,3["a",{},{}]"#,
            packet(.binaryEvent, #"["a",{},{}]"#, in: "/room", id: 3, attachments: 2)
        ),
        (#"61-4[{}]"#, packet(.binaryAcknowledgement, "[{}]", id: 4, attachments: 1)),
        (#"50-["a"]"#, packet(.binaryEvent, #"["a"]"#)),
    ]

    @Test(arguments: both)
    func aPacketIsReadAndWritten(text: String, packet: SocketIOPacket) throws {
        #expect(try decode(text) == packet)
        #expect(String(decoding: packet.encodedFrame(), as: UTF8.self) == "4" + text)
    }

    @Test(arguments: [
        ("2/room?a=b&c=/d,1[]", "/room", 1), ("1/room", "/room", nil), ("2/a/b,[]", "/a/b", nil),
        ("0/room?x,", "/room", nil),
    ])
    func theQueryIsNoPartOfTheNamespace(text: String, namespace: String, id: Int?) throws {
        let packet = try decode(text)
        #expect(packet.namespace == namespace)
        #expect(packet.id == id)
    }

    @Test(arguments: [
        ("", MalformedPacket.empty), ("7[]", .unknownType(0x37)), ("x", .unknownType(0x78)),
        ("299999999999999999999[]", .numberTooLarge), ("2/r,9223372036854775808[]", .numberTooLarge),
        ("5[]", .missingAttachmentCount), ("5-1-[]", .missingAttachmentCount),
        ("51[]", .missingAttachmentCount),
        ("5-[]", .missingAttachmentCount), ("6", .missingAttachmentCount),
        ("51025-[]", .tooManyAttachments(1025)), ("599999999999999999999-[]", .numberTooLarge),
    ])
    func aMalformedHeaderIsRefused(text: String, error: MalformedPacket) {
        #expect(throws: error) { try decode(text) }
    }

    @Test func theRefusalIsReadInBothForms() throws {
        #expect(try decode(#"4/r,{"message":"no","data":{}}"#).refusal() == "no")
        #expect(try decode(#"4"no""#).refusal() == "no")
        #expect(throws: MalformedPacket.unexpectedPayload) { try decode("4/r,[1]").refusal() }
    }
}

@Suite struct JSONArraySplitterTests {
    private func split(_ text: String) throws(MalformedPacket) -> [String] {
        try JSONArraySplitter.elements(of: Array(text.utf8)[...]).map { String(decoding: $0, as: UTF8.self) }
    }

    static let arrays: [(String, [String])] = [
        ("[]", []), (" [ ] ", []), ("[1]", ["1"]), ("[ 1 , 2 ]\n", ["1", "2"]),
        (#"["a,b","c\",d"]"#, [#""a,b""#, #""c\",d""#]), (#"["\\","]"]"#, [#""\\""#, #""]""#]),
        (#"[{"a":[1,2]},[[3],4],null]"#, [#"{"a":[1,2]}"#, "[[3],4]", "null"]), (#"["ä€😀"]"#, [#""ä€😀""#]),
    ]

    @Test(arguments: arrays)
    func anArrayIsSplitAtItsOwnCommas(text: String, elements: [String]) throws {
        #expect(try split(text) == elements)
    }

    @Test(arguments: [
        "", "[", "]", "{}", "1", "[1", "1]", "[1]]", "[[1]", "[,]", "[1,]", "[,1]", #"["a]"#, #"["a\"]"#,
        "[}{]",
        #"["\"#, #"["a\]"#,
    ])
    func whatIsNoArrayIsRefused(text: String) {
        #expect(throws: MalformedPacket.notAnArray) { try split(text) }
    }

    @Test func depthCostsNothing() throws {
        let deep = String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000)
        #expect(try split(deep).count == 1)
    }

    @Test func theNumberOfElementsIsBounded() throws {
        func array(_ count: Int) -> String {
            "[" + repeatElement("1", count: count).joined(separator: ",") + "]"
        }
        #expect(try split(array(1024)).count == 1024)
        #expect(throws: MalformedPacket.tooManyArguments(limit: 1024)) { try split(array(1025)) }
    }
}

@Suite struct SocketIOEventTests {
    private func event(_ text: String) throws -> SocketIOEvent {
        try SocketIOEvent(payload: Array(text.utf8)[...], id: nil, attachments: [])
    }

    @Test func argumentsAreDecodedWhenAskedFor() throws {
        let event = try event(#"["a\u00e4b",{"x":1},"text",[1,2],null,nonsense]"#)
        #expect(event.name == "aäb")
        #expect(event.argumentCount == 5)
        #expect(try event.argument(0, as: [String: Int].self) == ["x": 1])
        #expect(try event.argument(1, as: String.self) == "text")
        #expect(try event.argument(2, as: [Int].self) == [1, 2])
        #expect(try event.argument(3, as: Int?.self) == nil)
        #expect(event.json(0) == #"{"x":1}"#)
        #expect(throws: SocketIOError.self) { try event.argument(4, as: String.self) }
        #expect(event.json(9) == nil)
    }

    @Test(arguments: [-1, 1, .max, .min])
    func anAbsentArgumentIsAnError(index: Int) throws {
        let event = try event(#"["a",1]"#)
        #expect(
            throws: SocketIOError.undecodable(
                what: "argument \(index) of the event a", reason: "there are 1 arguments")
        ) { try event.argument(index, as: Int.self) }
    }

    @Test func aFailureNamesThePlaceAndNotTheValue() throws {
        let event = try event(#"["a",{"x":{"y":"secret"}},{"x":"secret"}]"#)
        #expect { try event.argument(0, as: [String: [String: Int]].self) } throws: { error in
            "\(error)" == "cannot read argument 0 of the event a: x.y is not of type Int"
        }
        enum Choice: String, Decodable { case other }
        #expect { try event.argument(1, as: [String: Choice].self) } throws: { !"\($0)".contains("secret") }
    }

    @Test(arguments: ["[]", "[1]", "[null]", "[{}]", #"["]"#, #"{"a":1}"#, #"["\ud800"]"#, #"["\x"]"#])
    func anEventWithoutANameIsRefused(text: String) {
        #expect(throws: MalformedPacket.self) { try event(text) }
    }

    @Test func deepArgumentsAreAnErrorWhenAskedFor() throws {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        let event = try event(#"["a",\#(deep)]"#)
        #expect(throws: SocketIOError.self) { try event.argument(0, as: [Int].self) }
    }
}

@Suite struct OutgoingPayloadTests {
    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func eventsAndAcknowledgementsAreArrays() throws {
        #expect(text(try OutgoingPayload.event("a/\"b\"")) == #"["a/\"b\""]"#)
        #expect(text(try OutgoingPayload.event("a", ["x": [1, 2]])) == #"["a",{"x":[1,2]}]"#)
        #expect(text(try OutgoingPayload.event("a", Int?.none)) == #"["a",null]"#)
        #expect(text(try OutgoingPayload.acknowledgement("text", of: "a")) == #"["text"]"#)
    }

    @Test func whatJSONCannotHoldIsAnError() {
        #expect(throws: SocketIOError.self) { try OutgoingPayload.event("a", Double.infinity) }
    }
}
