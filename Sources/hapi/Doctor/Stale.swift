import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// What can be removed safely, because it provably belongs to no live session.
struct Stale {
    let home: RunnerHome
    let presence: RunnerPresence

    /// Processes that outlived their session and are verified by their identity.
    func processes() throws(StoreError) -> [LeftoverRecord] {
        let recorded =
            try StoreConnection.lookingAt(home) { store throws(StoreError) in try store.leftovers() } ?? []
        return recorded.filter { Observation.of($0.process, at: $0.host) == .alive }
    }

    /// The files that name the running runner, if none is running.
    func files() -> [String] {
        guard presence.runner == nil, presence.foreignPID == nil, presence.storeError == nil,
            presence.elsewhere == nil
        else { return [] }
        return [home.stateFile, home.lockFile].filter { access($0, F_OK) == 0 }
    }

    /// Worktrees of sessions that have ended.
    func worktrees() throws(StoreError) -> [WorktreeRecord] {
        try StoreConnection.lookingAt(home) { store throws(StoreError) -> [WorktreeRecord] in
            var found: [WorktreeRecord] = []
            for worktree in try store.keptWorktrees()
            where try store.session(worktree.sessionID)?.stateNow == .ended { found.append(worktree) }
            return found
        } ?? []
    }

    /// Logs of sessions without a record.
    func logs() throws(StoreError) -> [String] {
        let logs = entries(of: home.sessionLogs).filter { $0.hasSuffix(".log") }
        let unknown = try StoreConnection.lookingAt(home) { store throws(StoreError) -> [String] in
            var unknown: [String] = []
            for log in logs where try store.session(String(log.dropLast(4))) == nil { unknown.append(log) }
            return unknown
        }
        return (unknown ?? []).map { "\(home.sessionLogs)/\($0)" }
    }
}
