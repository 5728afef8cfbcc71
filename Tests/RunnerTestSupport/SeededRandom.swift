import Glibc

/// SplitMix64: the same numbers for the same seed on every machine.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// Seeded by `SEED`, so that a run can be repeated, or at random. Prints the seed.
    package static func announced(for what: String) -> SeededRandom {
        let seed = getenv("SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 0..<1_000_000)
        print("\(what): SEED=\(seed)")
        return SeededRandom(seed: seed)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    /// True with a probability of one in `one`.
    package mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &self) == 0 }
}

/// The number of rounds of a long test: `ROUNDS`, or the default for `make test`.
package func rounds(orDaily daily: Int) -> Int {
    getenv("ROUNDS").flatMap { Int(String(cString: $0)) } ?? daily
}
