import Testing
import UnitTestSupport

@testable import Monitor

@Suite struct LaunchSpecTests {
    private static func spec(arguments: [String], environment: [String]) -> LaunchSpec {
        LaunchSpec(
            launchID: "10000000-0000-4000-8000-000000000001", storePath: "/home/dev/.hapi/runner.db",
            logPath: "/logs/1.log", directory: "/home/dev/naïve 😀\nline", program: "/usr/bin/hapi",
            arguments: arguments, environment: environment)
    }

    static let specs = [
        spec(arguments: ["hapi", "claude"], environment: ["PATH=/bin", "HOME=/home/dev"]),
        spec(arguments: [], environment: []), spec(arguments: [""], environment: [""]),
        spec(arguments: ["", "", ""], environment: []), spec(arguments: [], environment: ["", "A=", ""]),
        spec(arguments: ["a\nb", "é😀", "--", "'\"\\ $"], environment: ["A=b=c\nd"]),
        spec(arguments: [String(repeating: "x", count: 200_000)], environment: []),
        LaunchSpec(
            launchID: "", storePath: "", logPath: "", directory: "", program: "", arguments: [],
            environment: []),
    ]

    @Test func limitsArriveAsTheyWereSent() {
        var spec = Self.spec(arguments: ["hapi"], environment: ["A=B"])
        (spec.limits.memory, spec.limits.processorTime, spec.limits.seconds) = (8 << 30, 150_000, 14_400)
        (spec.limits.cgroupMount, spec.limits.cgroup) = (
            "/sys/fs/cgroup", "/sys/fs/cgroup/own/hapi-session-1"
        )
        #expect(LaunchSpec(spec.encoded) == spec)
    }

    @Test(arguments: specs)
    func aSpecIsReadAsItWasWritten(spec: LaunchSpec) {
        #expect(LaunchSpec(spec.encoded) == spec)
    }

    static let garbage = [
        "", "\0", "a", "a\0b\0c\0d\0e\0\0\0\0\0\0", "a\0b\0c\0d\0e\0\0\0\0\0\0two\0x\0y\0",
        "a\0b\0c\0d\0e\0\0\0\0\0\0-1\0x\0",
        "a\0b\0c\0d\0e\0\0\0\0\0\03\0x\0y\0", "a\0b\0c\0d\0e\0\0\0\0\0\01\0x",
        "a\0b\0c\0d\0e\0\0\0\0\0\099999999999999999999\0x\0",
        "a\0b\0c\0d\0e\0\0\0\0\0\09223372036854775807\0x\0", "a\0b\0c\0d\0e\0\0\0\0\0\0+1\0x\0",
        "a\0b\0c\0d\0e\0\0\0\0\0\001\0x\0",
        "a\0b\0c\0d\0e\0\0\0\0\0\0 1\0x\0", "a\0b\0c\0d\0e\0\0\0\0\0\0\0x\0",
        // Limits that are none.
        "a\0b\0c\0d\0e\0x\0\0\0\0\0" + "0\0", "a\0b\0c\0d\0e\0\0+1\0\0\0\0" + "0\0",
        "a\0b\0c\0d\0e\0\0\0" + "01\0\0\0" + "0\0",
    ]

    @Test(arguments: garbage)
    func garbageIsRefused(text: String) {
        #expect(LaunchSpec(Array(text.utf8)) == nil)
    }

    @Test(arguments: specs)
    func aSpecThatWasCutShortIsNotTakenForAnother(spec: LaunchSpec) {
        let bytes = spec.encoded
        for count in 0..<min(bytes.count, 300) {
            let part = Array(bytes.prefix(count))
            if let read = LaunchSpec(part) { #expect(read.encoded == part) }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func whateverTheBytesTheyAreReadExactlyOrNotAtAll(seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        for _ in 0..<200 {
            // Many zeros and digits, so that some parts are valid.
            let bytes = (0..<Int.random(in: 0...60, using: &numbers)).map { _ -> UInt8 in
                switch UInt8.random(in: 0...9, using: &numbers) {
                case 0...3: 0
                case 4...6: UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &numbers)
                default: UInt8.random(in: 0...255, using: &numbers)
                }
            }
            if let spec = LaunchSpec(bytes) { #expect(spec.encoded == bytes) }
        }
    }
}
