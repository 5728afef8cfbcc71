import SocketIO
import Testing

/// Simulates many clients whose server comes back, with the backoff's own code (docs/scale.md).
@Suite struct FleetTests {
    private static let size = 10_000

    struct Return {
        /// Attempts in the busiest second, while the server is away and after it is back.
        var busiestAway = 0
        var busiestBack = 0
        /// When half, 99 % and all clients are connected again, in seconds after the server's return.
        var half = 0.0
        var most = 0.0
        var all = 0.0
    }

    /// - Parameter outage: how long the server is away, in seconds. All clients lose it at the same moment.
    private func simulate(outage: Double, seed: UInt64 = 7) -> Return {
        var random = Generator(state: seed)
        var (attempts, returns) = ([Int: Int](), [Double]())
        for _ in 0..<Self.size {
            var backoff = ReconnectBackoff()
            var time = 0.0
            repeat {
                let delay = backoff.next(random: .random(in: 0..<1, using: &random))
                time += Double(delay.components.seconds) + Double(delay.components.attoseconds) / 1e18
                attempts[Int(time), default: 0] += 1
            } while time < outage
            returns.append(time - outage)
        }
        returns.sort()
        let away = attempts.filter { Double($0.key) + 1 <= outage }.map(\.value).max() ?? 0
        let back = attempts.filter { Double($0.key) + 1 > outage }.map(\.value).max() ?? 0
        return Return(
            busiestAway: away, busiestBack: back, half: returns[Self.size / 2],
            most: returns[Self.size * 99 / 100], all: returns[Self.size - 1])
    }

    @Test func theTableOfOutagesIsPrinted() {
        for outage in [1, 3, 10, 60, 600] as [Double] {
            let back = simulate(outage: outage)
            print(
                "fleet: away \(Int(outage)) s: busiest second away \(back.busiestAway), back \(back.busiestBack); "
                    + "back after: half \(tenths(back.half)) s, 99 % \(tenths(back.most)) s, all \(tenths(back.all)) s"
            )
        }
    }

    @Test(arguments: [1.0, 2, 3]) func aShortOutageIsOverInASecondOrTwo(outage: Double) {
        let back = simulate(outage: outage)
        #expect(back.half < 1.6 && back.most < 3.5)
    }

    @Test(arguments: [300.0, 900]) func aLongOutageDoesNotBecomeAStorm(outage: Double) {
        let back = simulate(outage: outage)
        #expect(back.busiestBack < Self.size / 15, "attempts a second when it is back")
        #expect(back.busiestAway < Self.size * 5 / 4, "little more than one each right after it has gone")
        #expect(back.all <= 46, "nobody waits for longer than a hub calls a machine online")
    }

    private func tenths(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }

    /// SplitMix64, with the same numbers each time.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}
