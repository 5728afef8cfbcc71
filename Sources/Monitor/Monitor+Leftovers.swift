import Glibc
import Processes
import RunnerStore

/// What a session leaves running when it ends by itself, such as the agent of a session process that was
/// killed.
extension Monitor {
    /// Maximum rows per session.
    private static let mostLeftovers = 64

    /// Records the remaining processes, because nothing can find them once this process is gone. Waits a
    /// moment for helpers that are about to end.
    static func recordLeftovers(of spec: LaunchSpec, in store: MonitorStore) {
        for _ in 0..<30 {
            while waitpid(-1, nil, WNOHANG) > 0 {}
            if children(of: getpid()).isEmpty { return }
            usleep(10_000)
        }
        do {
            let spared = try spared(spec, store, for: 50)
            let left = descendants(sparing: spared).prefix(mostLeftovers).map { process in
                LeftoverRecord(
                    sessionID: spec.launchID, process: process,
                    command: ProcessTable.name(of: process.pid) ?? "?",
                    foundAt: .now, host: .current)
            }
            try store.write(for: 50) { store throws(StoreError) in
                for leftover in left { try store.recordLeftover(leftover) }
            }
        } catch {
            complain("\(error)")
        }
    }

    /// The live descendants of this process, except for spared ones and their descendants.
    static func descendants(sparing spared: Set<ProcessIdentity>) -> [ProcessIdentity] {
        var found: [ProcessIdentity] = []
        var open = children(of: getpid())
        while let pid = open.popLast() {
            guard let status = ProcessTable.status(of: pid), !spared.contains(status.identity) else {
                continue
            }
            if !status.isZombie { found.append(status.identity) }
            open += children(of: pid)
        }
        return found.sorted { $0.start < $1.start }
    }

    private static func children(of pid: Int32) -> [Int32] {
        entries(of: "/proc/\(pid)/task").flatMap { thread in
            let bytes = readFile("/proc/\(pid)/task/\(thread)/children") ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
        }
    }
}
