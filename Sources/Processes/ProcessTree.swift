/// The parents and children of processes.
///
/// Read on demand, so that the cost depends on the size of the family, not of the machine.
package struct ProcessTree: Sendable {
    private let status: @Sendable (Int32) -> ProcessStatus?
    private let children: @Sendable (Int32) -> [Int32]

    /// The relations among these processes, as a snapshot.
    package init(_ processes: [ProcessStatus]) {
        let children = Dictionary(grouping: processes, by: \.parent).mapValues { $0.map(\.identity.pid) }
        let byID = Dictionary(
            processes.map { ($0.identity.pid, $0) }, uniquingKeysWith: { first, _ in first })
        self.status = { byID[$0] }
        self.children = { children[$0] ?? [] }
    }

    private init(reading table: ProcessTable.Type) {
        status = { table.status(of: $0) }
        children = { table.children(of: $0) }
    }

    /// The system's processes, read on demand if the kernel lists children.
    package static func now() -> ProcessTree {
        ProcessTable.tellsChildren ? ProcessTree(reading: ProcessTable.self) : ProcessTree(ProcessTable.all())
    }

    /// The live descendants of `roots`, without the roots, and without `spared` processes and their
    /// descendants.
    package func descendants(of roots: [ProcessIdentity], sparing spared: (ProcessStatus) -> Bool)
        -> [ProcessIdentity]
    {
        var found: [ProcessIdentity] = []
        var visited: Set<Int32> = []
        var open = roots.filter { status($0.pid)?.identity == $0 }.map(\.pid)
        while let parent = open.popLast() {
            guard visited.insert(parent).inserted else { continue }
            for child in children(parent).compactMap(status) where !spared(child) {
                if !child.isZombie { found.append(child.identity) }
                open.append(child.identity.pid)
            }
        }
        return found
    }

    /// The process and its ancestors, nearest first.
    package func lineage(of pid: Int32) -> [ProcessIdentity] {
        var line: [ProcessIdentity] = []
        var next = status(pid)
        while let process = next, !line.contains(process.identity) {
            line.append(process.identity)
            next = status(process.parent)
        }
        return line
    }
}
