import Glibc
import Processes
import RunnerStore

/// Finds out for which process a report may speak.
enum Speaker {
    /// The process with this pid and those above it, nearest first; nil unless the process, or one below it,
    /// holds the connecting socket. Root is believed: a process that has become root's, by a setuid program,
    /// does not show its sockets to others, and root could speak for anybody anyway.
    ///
    /// Looks at the processes it is about, not at all there are: only where somebody else holds the
    /// socket does it look for those below.
    static func lineage(
        of pid: Int32, holding owner: ConnectionOwner, asUser user: UInt32 = geteuid()
    ) -> [ProcessIdentity]? {
        let lineage = lineage(of: pid)
        // Everything descends from init, and all that a runner starts from the runner: neither they nor
        // what stands between is a session, and stopping one would end them all.
        guard let speaker = lineage.first, !Self.lineage(of: getpid()).contains(speaker) else { return nil }
        if owner.userID == 0 && user != 0 { return lineage }
        if ProcessTable.socketInodes(of: speaker.pid).contains(owner.inode) { return lineage }
        let below = ProcessTree.now().descendants(of: [speaker]) { _ in false }
        return below.contains { ProcessTable.socketInodes(of: $0.pid).contains(owner.inode) } ? lineage : nil
    }

    /// The command line of the process that holds the connecting socket; empty where it cannot be found.
    /// Looks at every process: only for what is asked once in a runner's life.
    static func words(of owner: ConnectionOwner) -> [String] {
        let pid = ProcessTable.processIDs().first {
            ProcessTable.socketInodes(of: $0).contains(owner.inode)
        }
        return pid.map(ProcessTable.arguments) ?? []
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

extension RunnerEndReason {
    /// Why a runner ends that was asked to.
    ///
    /// - Parameters:
    ///   - stated: what the request says.
    ///   - asker: the command line of whoever asks. HAPI's own programs state nothing, whether they stop a
    ///     runner or are about to start theirs in its place; their words tell.
    init(stated: String?, asker: [String]) {
        let starts = asker.contains("runner") && (asker.contains("start") || asker.contains("start-sync"))
        self = stated == Self.replaced.rawValue || stated == nil && starts ? .replaced : .cli
    }
}
