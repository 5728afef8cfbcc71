import Testing

@testable import SocketIO

/// Whatever the bytes, the codecs at most throw and the machine at most ends.
@Suite struct RandomBytesTests {
    static let seeds = [
        ProtocolMachineTests.open, #"40/room,{"sid":"y"}"#, #"42/room,["a",{"x":[1,"two",null]}]"#,
        #"42/room?q=1,12["name","text"]"#, "43/room,1[]", #"452-/room,3["a",{"_placeholder":true,"num":0}]"#,
        #"461-1[{"_placeholder":true,"num":0}]"#, #"44/room,{"message":"no"}"#, "41/room,", "2", "2probe",
        "6",
    ].map { Array($0.utf8) }

    @Test func randomAndMutatedMessagesNeverTrap() {
        var random = SplitMix64(state: 20_240_601)
        for _ in 0..<10_000 {
            var machine = ProtocolMachine<Int>(namespace: "/room", auth: nil, maximumPayloadSize: 4096)
            if Bool.random(using: &random) { _ = machine.received(text: Self.seeds[0], at: .zero) }
            machine.expectAcknowledgement(1, for: 1)
            for step in 0..<Int.random(in: 1...4, using: &random) {
                feed(message(using: &random), to: &machine, at: .seconds(step), using: &random)
            }
            check(machine.end(.disconnected), of: machine)
        }
    }

    private func feed(
        _ bytes: [UInt8], to machine: inout ProtocolMachine<Int>, at now: Duration,
        using random: inout SplitMix64
    ) {
        let isText = Int.random(in: 0..<4, using: &random) > 0
        let actions =
            isText ? machine.received(text: bytes, at: now) : machine.received(binary: bytes, at: now)
        for case .deliver(let event) in actions {
            _ = try? event.argument(0, as: [String: [Int]].self)
            _ = event.json(1)
        }
        check(actions, of: machine)
    }

    /// An end must be the last action, and the machine must be in the ended stage.
    private func check(_ actions: [ProtocolMachine<Int>.Action], of machine: ProtocolMachine<Int>) {
        let ends = actions.indices.filter { if case .end = actions[$0] { true } else { false } }
        #expect(ends.isEmpty || ends == [actions.count - 1])
        if case .end(let reason, _)? = actions.last { #expect(machine.stage == .ended(reason)) }
    }

    private func message(using random: inout SplitMix64) -> [UInt8] {
        if Int.random(in: 0..<4, using: &random) == 0 {
            return (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
        }
        var bytes = Self.seeds.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 0...4, using: &random) { mutate(&bytes, using: &random) }
        return bytes
    }

    private func mutate(_ bytes: inout [UInt8], using random: inout SplitMix64) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let interesting = Array(#"0123456789-/,?[]{}"\:"#.utf8) + [0, 0x80, 0xC3, 0xFF]
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.insert(interesting.randomElement(using: &random) ?? 0, at: place)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 3))
        case 2: bytes.insert(contentsOf: bytes.prefix(20), at: place)
        default: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
        }
    }
}

/// The same bytes in every run.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
