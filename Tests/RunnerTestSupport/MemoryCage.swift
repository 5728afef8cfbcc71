import FoundationEssentials
import Glibc

/// A memory cgroup with a small limit, in which the kernel kills processes that exceed it, cgroups(7).
package final class MemoryCage {
    private let folder: String
    private let isUnified: Bool

    /// Whether one can be created here.
    package static let isPossible = geteuid() == 0 && (try? MemoryCage(mebibytes: 16)) != nil

    /// In the v1 memory controller's hierarchy, or in the unified one, whichever this system has.
    package init(mebibytes: Int) throws {
        let name = "hapi-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        isUnified = access("/sys/fs/cgroup/memory", F_OK) != 0
        folder = "/sys/fs/cgroup/" + (isUnified ? "" : "memory/") + name
        if isUnified { try Self.write("+memory", to: "/sys/fs/cgroup/cgroup.subtree_control") }
        guard mkdir(folder, 0o755) == 0 else {
            throw ChildProcess.Failure(description: "cannot make \(folder)")
        }
        try write("\(mebibytes << 20)", to: isUnified ? "memory.max" : "memory.limit_in_bytes")
        // Disables swap. Fails on a system without swap accounting, where that is not needed.
        try? write(
            isUnified ? "0" : "\(mebibytes << 20)",
            to: isUnified ? "memory.swap.max" : "memory.memsw.limit_in_bytes")
    }

    deinit { rmdir(folder) }

    /// Moves a process into it; only memory allocated from then on counts.
    package func take(_ pid: pid_t) throws { try write("\(pid)", to: "cgroup.procs") }

    /// How many of its processes were killed because of the limit.
    package var kills: Int {
        let text = try? String(
            contentsOfFile: "\(folder)/" + (isUnified ? "memory.events" : "memory.oom_control"),
            encoding: .utf8)
        let line = text?.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
        return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }

    private func write(_ text: String, to name: String) throws {
        try Self.write(text, to: "\(folder)/\(name)")
    }

    private static func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        guard file >= 0, Glibc.write(file, text, text.utf8.count) == text.utf8.count else {
            throw ChildProcess.Failure(description: "cannot write \(text) to \(path)")
        }
    }
}
