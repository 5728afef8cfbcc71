import Testing

@testable import SocketIO

@Suite struct ProtocolMachineTests {
    typealias Machine = ProtocolMachine<String>

    static let open =
        #"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000}"#

    private func fresh(auth: String? = #"{"a":1}"#) -> Machine {
        Machine(namespace: "/room", auth: auth, maximumPayloadSize: 10_000)
    }

    private func connected(at time: Duration = .zero) -> Machine {
        var machine = fresh()
        _ = machine.receive(Self.open, at: time)
        _ = machine.receive(#"40/room,{"sid":"y"}"#, at: time)
        return machine
    }

    private func event(_ json: String, id: Int? = nil, attachments: [[UInt8]] = []) throws -> SocketIOEvent {
        try SocketIOEvent(payload: Array(json.utf8)[...], id: id, attachments: attachments)
    }

    private func acknowledgement(_ json: String) throws -> SocketIOAcknowledgement {
        try SocketIOAcknowledgement(payload: Array(json.utf8)[...], attachments: [])
    }

    // MARK: Opening

    @Test func theHandshakeIsAnsweredWithAConnect() {
        var machine = fresh()
        #expect(
            machine.receive(Self.open, at: .seconds(3)) == [
                .send(Array(#"40/room,{"a":1}"#.utf8)), .watch(until: .seconds(48)),
            ])
        #expect(machine.receive(#"40/room,{"sid":"y"}"#) == [.connected])
        #expect(machine.stage == .connected)
    }

    @Test func withoutAuthTheConnectHasNoPayload() {
        var machine = Machine(namespace: "/", auth: nil, maximumPayloadSize: 10_000)
        #expect(machine.receive(Self.open).first == .send(Array("40".utf8)))
    }

    @Test func aRefusalEndsWithItsMessage() {
        var machine = fresh()
        _ = machine.receive(Self.open)
        #expect(
            machine.receive(#"44/room,{"message":"Invalid token"}"#) == [
                .end(.refused(namespace: "/room", message: "Invalid token"), failing: [])
            ])
    }

    @Test func aConnectOfAnotherNamespaceIsNotOurs() {
        var machine = fresh()
        _ = machine.receive(Self.open)
        #expect(machine.receive(#"40{"sid":"y"}"#) == [.note(.otherNamespace("/"))])
        #expect(machine.stage == .awaitingConnect)
    }

    @Test func eventsBeforeTheConnectAreDelivered() throws {
        var machine = fresh()
        _ = machine.receive(Self.open)
        #expect(machine.receive(#"42/room,["a"]"#) == [.deliver(try event(#"["a"]"#))])
    }

    // MARK: Running

    @Test(arguments: [("2", "3"), ("2probe", "3probe")])
    func aPingIsAnswered(ping: String, pong: String) {
        var machine = connected()
        #expect(machine.receive(ping) == [.send(Array(pong.utf8))])
    }

    @Test(arguments: ["3", "5", "6", #"40/room,{"sid":"again"}"#])
    func whatNeedsNoAnswerGetsNone(packet: String) {
        var machine = connected()
        #expect(machine.receive(packet) == [])
    }

    @Test func eventsAreDeliveredWithTheirIDs() throws {
        var machine = connected()
        #expect(machine.receive(#"42/room,["a",1]"#) == [.deliver(try event(#"["a",1]"#))])
        #expect(machine.receive(#"42/room?x=y,7["a",1]"#) == [.deliver(try event(#"["a",1]"#, id: 7))])
        #expect(machine.receive(#"42["a"]"#) == [.note(.otherNamespace("/"))])
    }

    @Test func anAcknowledgementResumesItsWaiterOnce() throws {
        var machine = connected()
        machine.expectAcknowledgement(4, for: "four")
        machine.expectAcknowledgement(5, for: "five")
        #expect(machine.receive("43/room,5[1]") == [.resume("five", try acknowledgement("[1]"))])
        #expect(machine.receive("43/room,5[1]") == [.note(.unknownAcknowledgement(id: 5))])
        #expect(machine.receive("43/room,9[1]") == [.note(.unknownAcknowledgement(id: 9))])
        #expect(machine.receive("43,4[1]") != [.resume("four", try acknowledgement("[1]"))])
    }

    @Test func anAbandonedAcknowledgementIsIgnored() {
        var machine = connected()
        machine.expectAcknowledgement(1, for: "one")
        #expect(machine.abandonAcknowledgement(1) == "one")
        #expect(machine.abandonAcknowledgement(1) == nil)
        #expect(machine.receive("43/room,1[]") == [.note(.unknownAcknowledgement(id: 1))])
        #expect(machine.waiters.isEmpty)
    }

    // MARK: Attachments

    @Test func aBinaryEventWaitsForItsAttachments() throws {
        var machine = connected()
        let text = #"["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#
        #expect(machine.receive("452-/room,3" + text) == [])
        #expect(machine.receive(binary: [1]) == [])
        #expect(machine.receive("2") == [.send(Array("3".utf8))])
        #expect(
            machine.receive(binary: [2, 3]) == [
                .deliver(try event(text, id: 3, attachments: [[1], [2, 3]]))
            ])
    }

    @Test func aBinaryAcknowledgementResumesItsWaiter() throws {
        var machine = connected()
        machine.expectAcknowledgement(1, for: "one")
        _ = machine.receive(#"461-/room,1[{"_placeholder":true,"num":0}]"#)
        guard case .resume("one", let answer)? = machine.receive(binary: [9]).first else {
            Issue.record("not resumed")
            return
        }
        #expect(answer.attachments == [[9]])
    }

    @Test func attachmentsOfAnotherNamespaceAreConsumed() throws {
        var machine = connected()
        #expect(machine.receive(#"451-["a",{}]"#) == [])
        #expect(machine.receive(binary: [1]) == [.note(.otherNamespace("/"))])
        #expect(machine.receive(#"42/room,["a"]"#) == [.deliver(try event(#"["a"]"#))])
    }

    @Test func attachmentsCountTowardsTheMaximum() {
        var machine = connected()
        _ = machine.receive(#"452-/room,["a",{},{}]"#)
        #expect(machine.receive(binary: Array(repeating: 0, count: 6_000)) == [])
        #expect(
            machine.receive(binary: Array(repeating: 0, count: 6_000)) == [
                .end(.incomingMessageTooLarge(limit: 10_000), failing: [])
            ])
    }

    // MARK: Violations

    @Test(arguments: [
        "", "x", "4", "4x", "42/room,", "42/room,{}", "42/room,[]", "42/room,[1]", "43/room,[]",
        "43/room,1{}",
        "45-/room,[]", "4599999-/room,[]", "42/room,99999999999999999999[]", "44/room,[]", open,
    ])
    func aMalformedPacketEnds(packet: String) {
        var machine = connected()
        machine.expectAcknowledgement(1, for: "one")
        machine.expectAcknowledgement(2, for: "two")
        let actions = machine.receive(packet)
        guard case .end(.protocolViolation, let failing)? = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        #expect(failing == ["one", "two"])
    }

    @Test func wrongOrderEnds() {
        var beforeOpen = fresh()
        #expect(beforeOpen.receive(#"40/room,{}"#).isViolation)
        var strayAttachment = connected()
        #expect(strayAttachment.receive(binary: [1]).isViolation)
        var interrupted = connected()
        _ = interrupted.receive(#"451-/room,["a",{}]"#)
        #expect(interrupted.receive(#"42/room,["b"]"#).isViolation)
    }

    @Test func textThatIsNotUTF8Ends() {
        var machine = connected()
        #expect(
            machine.received(text: Array(#"42/room,["a"#.utf8) + [0xFF, 0x22, 0x5D], at: .zero).isViolation)
    }

    // MARK: Time

    @Test func silenceEndsWithAPingTimeout() {
        var machine = connected(at: .seconds(10))
        #expect(machine.watchdogFired(at: .seconds(54)) == [.watch(until: .seconds(55))])
        _ = machine.receive("2", at: .seconds(54.5))
        #expect(machine.watchdogFired(at: .seconds(55)) == [.watch(until: .seconds(99.5))])
        machine.expectAcknowledgement(1, for: "one")
        #expect(
            machine.watchdogFired(at: .seconds(99.5)) == [
                .end(.pingTimeout(after: .seconds(45)), failing: ["one"])
            ])
        #expect(machine.watchdogFired(at: .seconds(200)) == [])
    }

    // MARK: End

    @Test(arguments: [
        (SocketIOError.closedByServer(reason: "it ended the session"), "1"),
        (.disconnectedByServer(namespace: "/room"), "41/room,"),
    ])
    func theServerMayEnd(reason: SocketIOError, packet: String) {
        var machine = connected()
        #expect(machine.receive(packet) == [.end(reason, failing: [])])
    }

    @Test func disconnectingSaysGoodbyeFirst() {
        var machine = connected()
        machine.expectAcknowledgement(1, for: "one")
        #expect(
            machine.disconnect() == [
                .send(Array("41/room,".utf8)), .end(.disconnected, failing: ["one"]),
            ])
        #expect(machine.disconnect() == [])
    }

    @Test func theFirstReasonStandsAndNothingFollows() {
        var machine = connected()
        #expect(machine.end(.cancelled) == [.end(.cancelled, failing: [])])
        #expect(machine.end(.disconnected) == [])
        #expect(machine.receive(#"42/room,["a"]"#) == [])
        #expect(machine.receive(binary: [1]) == [])
        #expect(throws: SocketIOError.cancelled) { try machine.admit(frameOf: 1) }
    }

    @Test func theServersMaximumBoundsWhatIsSent() throws {
        let machine = connected()
        try machine.admit(frameOf: 1000)
        #expect(throws: SocketIOError.messageTooLarge(size: 1001, limit: 1000)) {
            try machine.admit(frameOf: 1001)
        }
    }

    @Test func withoutTheServersMaximumItsOwnBoundsWhatIsSent() throws {
        var machine = fresh()
        _ = machine.receive(#"0{"pingInterval":25000,"pingTimeout":20000}"#)
        try machine.admit(frameOf: 10_000)
        #expect(throws: SocketIOError.messageTooLarge(size: 10_001, limit: 10_000)) {
            try machine.admit(frameOf: 10_001)
        }
    }
}

extension ProtocolMachine {
    mutating func receive(_ text: String, at now: Duration = .zero) -> [Action] {
        received(text: Array(text.utf8), at: now)
    }

    mutating func receive(binary: [UInt8]) -> [Action] { received(binary: binary, at: .zero) }
}

extension [ProtocolMachine<String>.Action] {
    var isViolation: Bool {
        if case .end(.protocolViolation, _)? = first { count == 1 } else { false }
    }
}
