import Glibc
import Processes

/// Finds out for which process a report may speak.
enum Speaker {
    /// The process with this pid and those above it, nearest first; nil unless the process, or one below it,
    /// holds the connecting socket.
    ///
    /// Looks at the processes it is about, not at all there are: only where somebody else holds the
    /// socket does it look for those below.
    static func lineage(of pid: Int32, holding owner: ConnectionOwner) -> [ProcessIdentity]? {
        let lineage = lineage(of: pid)
        // Everything descends from init, and all that a runner starts from the runner: neither they nor
        // what stands between is a session, and stopping one would end them all.
        guard let speaker = lineage.first, !Self.lineage(of: getpid()).contains(speaker) else { return nil }
        if ProcessTable.socketInodes(of: speaker.pid).contains(owner.inode) { return lineage }
        let below = ProcessTree.now().descendants(of: [speaker]) { _ in false }
        return below.contains { ProcessTable.socketInodes(of: $0.pid).contains(owner.inode) } ? lineage : nil
    }

    private static func lineage(of pid: Int32) -> [ProcessIdentity] {
        var line: [ProcessIdentity] = []
        var next = ProcessTable.status(of: pid)
        while let process = next, !line.contains(process.identity) {
            line.append(process.identity)
            next = process.parent > 0 ? ProcessTable.status(of: process.parent) : nil
        }
        return line
    }
}
