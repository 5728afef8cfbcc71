import Glibc
import Monitor
import Processes

/// The cgroup of a session, made below the runner's own where no systemd is in charge.
enum SessionCgroup {
    private static let prefix = "hapi-session-"
    /// Where the runner moves what was in its own cgroup: one that has limits to give may hold no process.
    private static let runnerLeaf = "hapi-runner"

    /// The cgroup in which sessions' are made, for a runner that is in this one.
    static func parent(of own: String) -> String {
        var own = own
        while own.count > 1, own.hasSuffix("/") { own.removeLast() }
        let leaf = "/\(runnerLeaf)"
        return own.hasSuffix(leaf) ? String(own.dropLast(leaf.count)) : own
    }

    /// Makes a cgroup with these limits, and removes those of ended sessions.
    static func make(
        _ session: String, _ limits: SessionLimits, in parent: String
    ) throws(FileError) -> String {
        for name in entries(of: parent) where name.hasPrefix(prefix) {
            // The kernel refuses it for one in which any process is left.
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

    /// Moves every process of a cgroup into a leaf of its own.
    private static func clear(_ parent: String) throws(FileError) {
        let leaf = "\(parent)/\(runnerLeaf)"
        guard mkdir(leaf, 0o755) == 0 || errno == EEXIST else {
            throw FileError(action: "make the cgroup", path: leaf, code: errno)
        }
        // Again for those that were forked meanwhile.
        for _ in 0..<10 {
            let pids = String(decoding: readFile("\(parent)/cgroup.procs") ?? [], as: UTF8.self)
                .split(separator: "\n")
            if pids.isEmpty { return }
            for pid in pids {
                do {
                    try write(String(pid), to: "\(leaf)/cgroup.procs")
                } catch  where error.code == ESRCH {
                    // It has ended.
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
