import Glibc
import Processes
import RunnerStore

/// What a session may use: its cgroup, and its time.
extension Monitor {
    /// Sees that this process, and so the session it is about to start, is in a cgroup that has the limits.
    /// It stays there: the cgroup and its counts are there for as long as somebody is in it.
    ///
    /// Returns why nothing may be started; nil if all is well.
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

    /// Why the session ended, where that was not of its own accord.
    static func endReason(_ spec: LaunchSpec, hasTimedOut: Bool) -> String? {
        if hasTimedOut { return "timed out after \(Countdown.words(spec.limits.seconds ?? 0))" }
        guard spec.limits.memory != nil, let own = ownCgroup(spec.limits),
            let events = readText("\(own)/memory.events"), killCount(events) > 0
        else { return nil }
        return "out of memory"
    }

    /// How many processes the kernel has killed for want of memory, in the words of `memory.events`.
    static func killCount(_ events: String) -> Int {
        let line = events.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    /// Signals everything below this process that is the session's. Where the store does not tell what is not,
    /// the session's own process alone.
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
            // One that is suspended hears nothing else.
            process.signal(SIGCONT)
        }
    }

    private static func ownCgroup(_ limits: LaunchLimits) -> String? {
        guard let mount = limits.cgroupMount, let text = readText("/proc/self/cgroup") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("0::") }
        return line.map { mount + $0.dropFirst(3) }
    }

    /// Also where that cannot be read.
    private static func isUnlimited(_ file: String) -> Bool {
        readText(file).map { $0.isEmpty || $0.hasPrefix("max") } ?? true
    }

    private static func readText(_ path: String) -> String? {
        readFile(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The errno of what failed; nil if it was written.
    private static func writeFile(_ path: String, _ text: String) -> Int32? {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return errno }
        defer { close(file) }
        return write(file, text, text.utf8.count) < 0 ? errno : nil
    }
}
