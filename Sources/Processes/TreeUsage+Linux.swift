import Glibc

/// Memory and CPU time of processes with their descendants, at one moment.
package struct TreeUsage {
    /// The sum over a process and its descendants.
    package struct Sum: Equatable {
        /// Resident memory in bytes. Shared memory is counted once per process.
        package var memory: Int64 = 0
        /// CPU time used so far, in clock ticks.
        package var ticks: Int64 = 0
    }

    private struct Entry {
        let identity: ProcessIdentity
        let own: Sum
    }

    private let tree: ProcessTree
    private let entries: [Int32: Entry]
    private let taken = ContinuousClock.now

    package init() {
        var statuses: [ProcessStatus] = []
        var entries: [Int32: Entry] = [:]
        for pid in ProcessTable.processIDs() {
            guard let line = readFile("/proc/\(pid)/stat"), let status = ProcessStatus(statLine: line) else {
                continue
            }
            statuses.append(status)
            entries[pid] = Entry(identity: status.identity, own: Self.own(line))
        }
        tree = ProcessTree(statuses)
        self.entries = entries
    }

    /// Fields 14, 15 and 24 of `/proc/<pid>/stat`, proc(5), counted from the end of the name.
    private static func own(_ statLine: [UInt8]) -> Sum {
        guard let end = statLine.lastIndex(of: UInt8(ascii: ")")) else { return Sum() }
        let fields = String(decoding: statLine[(end + 1)...], as: UTF8.self).split(separator: " ")
        guard fields.count > 21 else { return Sum() }
        let pages = Int64(fields[21]) ?? 0
        return Sum(
            memory: pages * Int64(sysconf(Int32(_SC_PAGESIZE))),
            ticks: (Int64(fields[11]) ?? 0) + (Int64(fields[12]) ?? 0))
    }

    /// nil if the process is gone.
    package func sum(of root: ProcessIdentity) -> Sum? {
        guard let first = entries[root.pid], first.identity == root else { return nil }
        return tree.descendants(of: [root]) { _ in false }.reduce(into: first.own) { sum, process in
            guard let entry = entries[process.pid], entry.identity == process else { return }
            sum.memory += entry.own.memory
            sum.ticks += entry.own.ticks
        }
    }

    /// CPU usage since an earlier moment, in percent of one processor; nil if there is no earlier value.
    package func load(of root: ProcessIdentity, since earlier: TreeUsage?) -> Int? {
        guard let earlier, let now = sum(of: root), let then = earlier.sum(of: root) else { return nil }
        let seconds =
            Double((taken - earlier.taken).components.attoseconds) / 1e18
            + Double((taken - earlier.taken).components.seconds)
        let perSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        return Int((Double(max(0, now.ticks - then.ticks)) / perSecond / max(seconds, 0.001) * 100).rounded())
    }
}
