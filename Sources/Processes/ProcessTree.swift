/// The family relations of all processes at one moment.
package struct ProcessTree {
    private let children: [Int32: [ProcessStatus]]
    private let byID: [Int32: ProcessStatus]

    package init(_ processes: [ProcessStatus]) {
        children = Dictionary(grouping: processes, by: \.parent)
        byID = Dictionary(processes.map { ($0.identity.pid, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package static func now() -> ProcessTree { ProcessTree(ProcessTable.all()) }

    /// The living processes below `roots`, the roots themselves left out. Nothing in `spared`, and
    /// nothing below it, is among them.
    package func descendants(of roots: [ProcessIdentity], sparing spared: (ProcessStatus) -> Bool)
        -> [ProcessIdentity]
    {
        var found: [ProcessIdentity] = []
        var visited: Set<Int32> = []
        var open = roots.filter { byID[$0.pid]?.identity == $0 }.map(\.pid)
        while let parent = open.popLast() {
            guard visited.insert(parent).inserted else { continue }
            for child in children[parent] ?? [] where !spared(child) {
                if !child.isZombie { found.append(child.identity) }
                open.append(child.identity.pid)
            }
        }
        return found
    }

    /// The process and those above it, nearest first.
    package func lineage(of pid: Int32) -> [ProcessIdentity] {
        var line: [ProcessIdentity] = []
        var next = byID[pid]
        while let process = next, !line.contains(process.identity) {
            line.append(process.identity)
            next = byID[process.parent]
        }
        return line
    }
}
