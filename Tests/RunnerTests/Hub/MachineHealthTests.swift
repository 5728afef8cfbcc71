import Testing

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner

@Suite struct MachineHealthTests {
    static let loads: [(String, UInt64, UInt64)] = [
        ("cpu  100 20 30 800 50 1 2 3 4 5\ncpu0 1 1 1 1 1 1 1 1 1 1\n", 156, 1006),
        ("cpu  0 0 0 0 0", 0, 0), ("cpu 10 0 0 90 0\n", 10, 100),
    ]

    @Test(arguments: loads)
    func theTimeOfTheProcessorsIsRead(stat: String, busy: UInt64, total: UInt64) throws {
        let times = try #require(MachineHealthMeter.cpuTimes(stat))
        #expect(times.busy == busy)
        #expect(times.total == total)
    }

    @Test(arguments: ["", "\n", "cpu", "cpu  1 2 3 4", "cpu a b c d e", "cpu  -1 -1 -1 -1 -1"])
    func withoutItNothingIsSaid(stat: String) {
        #expect(MachineHealthMeter.cpuTimes(stat) == nil)
    }

    static let memories: [(String, Int?)] = [
        ("MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:   12000 kB\n", 25),
        ("MemTotal: 3 kB\nMemAvailable: 1 kB", 67), ("MemTotal: 100 kB\nMemAvailable: 0 kB", 100),
        ("MemTotal: 100 kB\nMemAvailable: 100 kB", 0),
        // As a container may see it.
        ("MemTotal: 100 kB\nMemAvailable: 130 kB", 0),
        ("", nil), ("MemTotal: 100 kB", nil), ("MemAvailable: 100 kB", nil),
        ("MemTotal: 0 kB\nMemAvailable: 0 kB", nil), ("MemTotal: x kB\nMemAvailable: 1 kB", nil),
        ("MemTotal: nan kB\nMemAvailable: 1 kB", nil), ("MemTotal: 100 kB\nMemAvailable: nan kB", nil),
        ("MemTotal:\nMemAvailable:", nil),
    ]

    @Test(arguments: memories)
    func theMemoryInUseIsAPercentage(meminfo: String, percent: Int?) {
        #expect(MachineHealthMeter.memoryPercent(meminfo) == percent)
    }

    @Test func thisMachineIsMeasuredWithinTheHubsBoundsFromTheFirstTimeOn() throws {
        var meter = MachineHealthMeter()
        let first = meter.measure()
        #expect((0...100).contains(try #require(first.cpuPercent)))
        #expect(try #require(first.cpuCount) > 0)
        #expect(try #require(first.load1m) >= 0)
        #expect((0...100).contains(try #require(first.memoryPercent)))
        #expect(try #require(first.uptimeSeconds) > 0)
        #expect((0...100).contains(try #require(meter.measure().cpuPercent)))
    }

    @Test func thisProcessHasASize() throws {
        #expect(try #require(MachineHealthMeter.residentBytes()) > 1 << 20)
        #expect(try #require(MachineHealthMeter.loadAverage()) >= 0)
    }
}
