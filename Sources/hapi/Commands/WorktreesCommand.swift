import ArgumentParser
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct WorktreesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worktrees", abstract: "The git worktrees made for sessions.",
        discussion: """
            --prune removes those of ended sessions that hold no uncommitted and no unpushed work, and \
            says what it kept and why.
            """)

    @Flag(help: "Remove what is no longer needed.") var prune = false
    @Flag(help: "One JSON document.") var json = false

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        let entries =
            try StoreConnection.lookingAt(home) { store throws(StoreError) -> [Entry] in
                var entries: [Entry] = []
                let live = try store.liveSessions().filter { $0.stateNow != .ended }
                for worktree in try store.keptWorktrees() {
                    // Another session may have come to work there since.
                    let user = live.first {
                        lies($0.directory, in: worktree.path)
                    }
                    let session = if let user { user } else { try store.session(worktree.sessionID) }
                    entries.append(Entry(worktree: worktree, state: session?.stateNow))
                }
                return entries
            } ?? []
        if prune { return try await remove(entries, home) }
        if json { return try Output.json(.array(entries.map(\.json))) }
        guard !entries.isEmpty else { return Output.line("No worktrees are kept.") }
        var table = Table(
            ["SESSION", "STATE", "BRANCH", "CREATED", "PATH"], fits: ["BRANCH": .text, "PATH": .path])
        for entry in entries {
            table.add(
                [
                    String(entry.worktree.sessionID.prefix(8)), entry.stateName, entry.worktree.branch,
                    entry.worktree.createdAt.local, entry.worktree.path,
                ], colours: entry.state.map { [1: $0.colour] } ?? [:])
        }
        Output.line(table.rendered())
    }

    private func remove(_ entries: [Entry], _ home: RunnerHome) async throws {
        guard !entries.isEmpty else { return Output.line("No worktrees are kept.") }
        let worktrees = Worktrees(environment: processEnvironment)
        let store = try StoreConnection(path: home.store, mode: .create)
        for entry in entries {
            let path = entry.worktree.path.visible
            if entry.state != .ended {
                Output.line("kept     \(path): its session is \(entry.stateName)")
            } else if let reason = await worktrees.removeIfSafe(entry.worktree) {
                Output.line("kept     \(path): \(reason.visible)")
            } else {
                try store.write { store throws(StoreError) in
                    try store.markWorktreeRemoved(entry.worktree.sessionID, at: .now)
                }
                Output.line("removed  \(path)")
            }
        }
    }

    private struct Entry {
        let worktree: WorktreeRecord
        let state: SessionState?

        var stateName: String { state?.rawValue ?? "unknown" }

        var json: JSONValue {
            .object([
                "sessionId": .string(worktree.sessionID), "state": .string(stateName),
                "path": .string(worktree.path),
                "branch": .string(worktree.branch), "name": .string(worktree.name),
                "repository": .string(worktree.repository), "createdAt": .init(worktree.createdAt),
            ])
        }
    }
}
