import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import RunnerStore

/// Measures the machine. CPU usage is relative to the previous call; at first to the creation of the meter
/// or, if no tick has passed since, to boot.
struct MachineHealthMeter {
    private var lastCPU: (busy: UInt64, total: UInt64)?

    init() { lastCPU = Self.cpuTimes(Self.text("/proc/stat")) }

    mutating func measure() -> MachineHealth {
        var health = MachineHealth(collectedAt: Timestamp.now.milliseconds)
        health.cpuCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        health.load1m = Self.loadAverage()
        health.cpuPercent = cpuPercent()
        health.memoryPercent = Self.memoryPercent(Self.text("/proc/meminfo"))
        health.uptimeSeconds = Self.text("/proc/uptime").split(separator: ".").first.flatMap { Int($0) }
        return health
    }

    static func loadAverage() -> Double? {
        text("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) }
    }

    private mutating func cpuPercent() -> Int? {
        guard let now = Self.cpuTimes(Self.text("/proc/stat")) else { return nil }
        defer { lastCPU = now }
        var last = (busy: UInt64(0), total: UInt64(0))
        if let lastCPU, now.total > lastCPU.total, now.busy >= lastCPU.busy { last = lastCPU }
        guard now.total > last.total else { return nil }
        return Int((Double(now.busy - last.busy) / Double(now.total - last.total) * 100).rounded())
    }

    /// The first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal.
    static func cpuTimes(_ stat: String) -> (busy: UInt64, total: UInt64)? {
        let fields = stat.prefix { $0 != "\n" }.split(separator: " ").dropFirst().prefix(8).compactMap {
            UInt64($0)
        }
        guard fields.count >= 5 else { return nil }
        let total = fields.reduce(0, &+)
        return (total &- fields[3] &- fields[4], total)
    }

    static func memoryPercent(_ meminfo: String) -> Int? {
        func kilobytes(_ name: String) -> UInt64? {
            meminfo.split(separator: "\n").first { $0.hasPrefix(name) }?
                .split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        }
        guard let total = kilobytes("MemTotal:"), let available = kilobytes("MemAvailable:"), total > 0 else {
            return nil
        }
        // A container may see more available memory than it has in total.
        let used = total - min(available, total)
        return Int((Double(used) / Double(total) * 100).rounded())
    }

    /// Resident memory of this process, in bytes.
    static func residentBytes() -> Int? {
        text("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap { Int($0) }
            .map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
    }

    private static func text(_ path: String) -> String {
        String(decoding: readFile(path) ?? [], as: UTF8.self)
    }
}
