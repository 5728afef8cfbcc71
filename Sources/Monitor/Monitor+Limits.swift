import Glibc
import Processes
import RunnerStore

/// The limits of a session: its cgroup and its time.
extension Monitor {
    /// Enters the cgroup that enforces the limits, which the session inherits, and checks them. The monitor
    /// stays in it, so that the cgroup and its counters exist until the end is recorded.
    ///
    /// Returns why the session may not be started; nil on success.
    static func enterCgroup(_ limits: LaunchLimits) -> String? {
        guard limits.needsCgroup else { return nil }
        if let cgroup = limits.cgroup, let code = writeFile("\(cgroup)/cgroup.procs", "0") {
            return "cannot enter the cgroup \(cgroup): \(errorText(code))"
        }
        guard let own = ownCgroup(limits) else { return "this system does not tell which cgroup is its own" }
        if limits.memory != nil, isUnlimited("\(own)/memory.max") {
            return "memory is not limited in \(own), although that was asked for"
        }
        if limits.processorTime != nil, isUnlimited("\(own)/cpu.max") {
            return "processor time is not limited in \(own), although that was asked for"
        }
        return nil
    }

    /// The limit that ended the session; nil if none did.
    static func endReason(_ spec: LaunchSpec, hasTimedOut: Bool) -> String? {
        if hasTimedOut { return "timed out after \(Countdown.words(spec.limits.seconds ?? 0))" }
        guard spec.limits.memory != nil, let own = ownCgroup(spec.limits),
            let events = readText("\(own)/memory.events"), killCount(events) > 0
        else { return nil }
        return "out of memory"
    }

    /// The number of processes killed by the kernel's OOM killer, from the text of `memory.events`.
    static func killCount(_ events: String) -> Int {
        let line = events.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    /// Signals all processes of the session below this one; only the session's own process if the store
    /// cannot tell which others don't belong to it.
    static func signalSession(_ number: Int32, _ child: Int32, _ spec: LaunchSpec) {
        let store = MonitorStore(spec.storePath, flushing: false)
        let targets: [ProcessIdentity]
        if let spared = try? spared(spec, store, for: 3) {
            targets = descendants(sparing: spared)
        } else {
            targets = [ProcessTable.identity(of: child)].compactMap { $0 }
        }
        for process in targets.compactMap({ ProcessDescriptor($0) }) {
            process.signal(number)
            // A suspended process handles SIGTERM only once it continues.
            process.signal(SIGCONT)
        }
    }

    private static func ownCgroup(_ limits: LaunchLimits) -> String? {
        guard let mount = limits.cgroupMount, let text = readText("/proc/self/cgroup") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("0::") }
        return line.map { mount + $0.dropFirst(3) }
    }

    /// True also if the file cannot be read.
    private static func isUnlimited(_ file: String) -> Bool {
        readText(file).map { $0.isEmpty || $0.hasPrefix("max") } ?? true
    }

    private static func readText(_ path: String) -> String? {
        readFile(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The errno on failure; nil on success.
    private static func writeFile(_ path: String, _ text: String) -> Int32? {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return errno }
        defer { close(file) }
        return write(file, text, text.utf8.count) < 0 ? errno : nil
    }
}
