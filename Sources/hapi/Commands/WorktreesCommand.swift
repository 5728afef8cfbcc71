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
        commandName: "worktrees", abstract: "List the git worktrees made for sessions.",
        discussion: """
            --prune removes the worktrees of ended sessions in which no process works and which hold no \
            uncommitted or unpushed work, and says what it kept and why. Worktrees with files that git \
            ignores are kept too, unless --ignored-too is given.
            """)

    @Flag(help: "Remove worktrees that are no longer needed.") var prune = false
    @Flag(help: "With --prune, also remove worktrees that hold ignored files.") var ignoredToo = false
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        if ignoredToo && !prune { throw ValidationError("--ignored-too needs --prune") }
    }

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        if prune { return try await removeUnneeded(home) }
        let entries =
            try StoreConnection.lookingAt(home) { store throws(StoreError) -> [Entry] in
                var entries: [Entry] = []
                for worktree in try store.keptWorktrees() { entries.append(try Entry(worktree, store)) }
                return entries
            } ?? []
        if json { return Output.json(.array(entries.map(\.json))) }
        guard !entries.isEmpty else { return Output.line("There are no worktrees.") }
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

    private func removeUnneeded(_ home: RunnerHome) async throws {
        let kept = try StoreConnection.lookingAt(home) { store throws(StoreError) in try store.keptWorktrees()
        }
        guard let kept, !kept.isEmpty else { return Output.line("There are no worktrees.") }
        let configuration = try Configuration.load(environment: processEnvironment)
        let worktrees = Worktrees(environment: processEnvironment, patience: configuration.worktreePatience)
        let store = try StoreConnection(path: home.store, mode: .create)
        for worktree in kept {
            let path = worktree.path.visible
            // Read again for each worktree, because git may take long and sessions may start meanwhile.
            let entry = try store.read { store throws(StoreError) in try Entry(worktree, store) }
            if entry.state != .ended {
                Output.line("kept     \(path): its session is \(entry.stateName)")
            } else if let reason = await worktrees.removeIfSafe(worktree, unseenToo: ignoredToo) {
                Output.line("kept     \(path): \(reason.visible)")
            } else {
                try store.write { store throws(StoreError) in
                    try store.markWorktreeRemoved(worktree.sessionID, at: .now)
                }
                Output.line("removed  \(path)")
            }
        }
    }

    private struct Entry {
        let worktree: WorktreeRecord
        let state: SessionState?

        /// With the state of the session that works in it now, which need not be the one it was created for.
        init(_ worktree: WorktreeRecord, _ store: Reading) throws(StoreError) {
            self.worktree = worktree
            let place = resolvedPath(worktree.path)
            let user = try store.liveSessions().first { session in
                session.stateNow != .ended
                    && lies(resolvedPath(session.directory), in: place)
            }
            state = if let user { user.stateNow } else { try store.session(worktree.sessionID)?.stateNow }
        }

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
