import Glibc
import Monitor
import Processes

/// The cgroup of a session, created below the runner's own if there is no systemd.
enum SessionCgroup {
    private static let prefix = "hapi-session-"
    /// The cgroup for the processes of the runner's own one, which may not contain any if it distributes
    /// resources, cgroups(7).
    private static let runnerLeaf = "hapi-runner"

    /// The parent of the sessions' cgroups, for a runner in the cgroup `own`.
    static func parent(of own: String) -> String {
        var own = own
        while own.count > 1, own.hasSuffix("/") { own.removeLast() }
        let leaf = "/\(runnerLeaf)"
        return own.hasSuffix(leaf) ? String(own.dropLast(leaf.count)) : own
    }

    /// Creates a cgroup with these limits, and removes those of ended sessions.
    static func make(
        _ session: String, _ limits: SessionLimits, in parent: String
    ) throws(FileError) -> String {
        for name in entries(of: parent) where name.hasPrefix(prefix) {
            // Fails for a cgroup that still contains a process.
            rmdir("\(parent)/\(name)")
        }
        try enable(limits, in: parent)
        let path = "\(parent)/\(prefix)\(session)"
        guard mkdir(path, 0o755) == 0 else {
            throw FileError(action: "make the cgroup", path: path, code: errno)
        }
        if let memory = limits.memory { try write("\(memory)", to: "\(path)/memory.max") }
        if let processors = limits.processors {
            let quota = processors * LaunchLimits.period / 100
            try write("\(quota) \(LaunchLimits.period)", to: "\(path)/cpu.max")
        }
        return path
    }

    private static func enable(_ limits: SessionLimits, in parent: String) throws(FileError) {
        let wanted = [limits.memory == nil ? nil : "+memory", limits.processors == nil ? nil : "+cpu"]
        let words = wanted.compactMap { $0 }.joined(separator: " ")
        let control = "\(parent)/cgroup.subtree_control"
        do {
            try write(words, to: control)
        } catch  where error.code == EBUSY {
            try clear(parent)
            try write(words, to: control)
        }
    }

    /// Moves every process of a cgroup into its own leaf.
    private static func clear(_ parent: String) throws(FileError) {
        let leaf = "\(parent)/\(runnerLeaf)"
        guard mkdir(leaf, 0o755) == 0 || errno == EEXIST else {
            throw FileError(action: "make the cgroup", path: leaf, code: errno)
        }
        // Repeated for processes that were forked meanwhile.
        for _ in 0..<10 {
            let pids = String(decoding: readFile("\(parent)/cgroup.procs") ?? [], as: UTF8.self)
                .split(separator: "\n")
            if pids.isEmpty { return }
            for pid in pids {
                do {
                    try write(String(pid), to: "\(leaf)/cgroup.procs")
                } catch  where error.code == ESRCH {
                    // The process has ended.
                }
            }
        }
    }

    private static func write(_ text: String, to path: String) throws(FileError) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError(action: "write", path: path, code: errno) }
        defer { close(file) }
        guard Glibc.write(file, text, text.utf8.count) >= 0 else {
            throw FileError(action: "write '\(text)' to", path: path, code: errno)
        }
    }
}
