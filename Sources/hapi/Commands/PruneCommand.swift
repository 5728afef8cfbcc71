import ArgumentParser
import Runner
import RunnerStore

struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Forget sessions that ended before a date.",
        discussion: """
            Nothing else ever deletes a session's record. Live sessions, and those whose worktree is still
            there, are kept.

            EXAMPLES
              hapi runner prune --before 2026-01-01
              hapi runner prune --before 90d
            """)

    @Option(help: "A date, or a time like 90d.") var before: PastMoment

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let date = before.moment
        guard try StoreConnection.lookingAt(home, { _ in true }) != nil else {
            return Output.line("Nothing has been recorded yet.")
        }
        let store = try StoreConnection(path: home.store, mode: .create)
        let count = try store.transaction { () throws(StoreError) in try store.forgetSessions(before: date) }
        Output.line("Forgot \(count) session\(count == 1 ? "" : "s") that ended before \(date.local).")
    }
}
