import ArgumentParser
import Glibc
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Delete the records and logs of sessions that ended before a date.",
        discussion: """
            Shows what would be deleted, and asks. Live sessions, and those whose worktree is still there, \
            are kept. Nothing else ever deletes a session's record.

            EXAMPLES
              hapi runner prune --before 90d --dry-run
              hapi runner prune --before 2026-01-01
              hapi runner prune --before 6mo --yes
            """)

    @Option(
        help: ArgumentHelp("When they ended: \(PastMoment.help).", valueName: "when"),
        transform: PastMoment.init)
    var before: PastMoment
    @Flag(name: .shortAndLong, help: "Delete without asking.") var yes = false
    @Flag(help: "Only show what would be deleted.") var dryRun = false

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let date = before.moment
        let old =
            try StoreConnection.lookingAt(home) { store throws(StoreError) in
                try store.forgettableSessions(before: date)
            } ?? []
        guard !old.isEmpty else { return Output.line("No session ended before \(date.local).") }
        let logs = old.compactMap(\.logPath).filter {
            $0.hasPrefix(home.sessionLogs + "/") && fileSize($0) != nil
        }
        let size = logs.compactMap(fileSize).reduce(0, +)
        let records = "\(old.count) session record\(old.count == 1 ? "" : "s")"
        let files = "\(logs.count) log\(logs.count == 1 ? "" : "s") (\(Size.text(size)))"
        show(old)
        if dryRun { return Output.line("Would delete \(records) and \(files).") }
        guard yes || Question.agreed("Delete \(records) and \(files)?", flag: "--yes") else {
            throw ExitCode(ExitStatus.failed)
        }
        let store = try StoreConnection(path: home.store, mode: .create)
        _ = try store.forgetSessions(before: date) { count in
            Progress.show("Deleting: \(count) of \(old.count)")
        }
        Progress.clear()
        // Only of sessions that are gone from the store by now; what another command took is gone as well.
        for log in logs { unlink(log) }
        Output.line("Deleted \(records) and \(files).")
    }

    private func show(_ old: [SessionRecord]) {
        var table = Table(
            ["NAME", "ID", "STARTED", "AGENT", "HOW", "DIRECTORY"], fits: ["HOW": .text, "DIRECTORY": .path])
        for view in old.suffix(20).map(SessionView.init) {
            table.add([
                view.name, view.shortID, view.session.createdAt.local, view.session.agent,
                view.ending,
                view.session.directory,
            ])
        }
        if old.count > 20 { Output.line("The newest 20 of \(old.count):") }
        Output.line(table.rendered())
    }
}
