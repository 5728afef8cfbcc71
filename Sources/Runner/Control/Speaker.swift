import Glibc
import Processes
import RunnerStore

/// Finds out which process a report may speak for.
enum Speaker {
    /// The process with this pid and its ancestors, nearest first. nil unless the process or one of its
    /// descendants holds the connecting socket. Root is trusted: the sockets of a process that has become
    /// root by a setuid program cannot be read, and root could speak for any process anyway.
    ///
    /// Looks only at the processes in question, not at all of `/proc`. Descendants are searched only if
    /// another process holds the socket.
    static func lineage(
        of pid: Int32, holding owner: ConnectionOwner, asUser user: UInt32 = geteuid()
    ) -> [ProcessIdentity]? {
        let lineage = lineage(of: pid)
        // Init, the runner and the runner's ancestors are never sessions: everything the runner starts
        // descends from them, and stopping one would end it all.
        guard let speaker = lineage.first, !Self.lineage(of: getpid()).contains(speaker) else { return nil }
        if owner.userID == 0 && user != 0 { return lineage }
        if ProcessTable.socketInodes(of: speaker.pid).contains(owner.inode) { return lineage }
        let below = ProcessTree.now().descendants(of: [speaker]) { _ in false }
        return below.contains { ProcessTable.socketInodes(of: $0.pid).contains(owner.inode) } ? lineage : nil
    }

    /// The command line of the process that holds the connecting socket; empty if it cannot be found. Scans
    /// all of `/proc`, so it is only for requests made once in a runner's life.
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
    /// Why a runner ends that was asked to stop.
    ///
    /// - Parameters:
    ///   - stated: the reason in the request.
    ///   - asker: the command line of the client. HAPI's own programs state no reason, whether they stop a
    ///     runner or are about to start their own in its place; their command line tells the two apart.
    init(stated: String?, asker: [String]) {
        let starts = asker.contains("runner") && (asker.contains("start") || asker.contains("start-sync"))
        self = stated == Self.replaced.rawValue || stated == nil && starts ? .replaced : .cli
    }
}
