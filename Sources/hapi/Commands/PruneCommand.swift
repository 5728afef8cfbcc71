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
    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
    @Flag(help: "Only show what would be deleted.") var dryRun = false

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let date = before.moment
        let old = try Forgettable(before: date, in: home)
        guard old.count > 0 else { return Output.line("No session ended before \(date.local).") }
        let records = "\(old.count) session record\(old.count == 1 ? "" : "s")"
        let files = "\(old.logs.count) log\(old.logs.count == 1 ? "" : "s") (\(Size.text(old.logSize)))"
        old.show()
        if dryRun { return Output.line("Would delete \(records) and \(files).") }
        guard yes || Question.agreed("Delete \(records) and \(files)?", flag: "--yes") else {
            throw ExitCode(ExitStatus.failed)
        }
        let store = try StoreConnection(path: home.store, mode: .create)
        _ = try store.forgetSessions(before: date) { count in
            Progress.show("Deleting: \(count) of \(old.count)")
        }
        Progress.clear()
        // By now the store has forgotten these sessions, or another command has, which deletes their logs
        // too.
        for log in old.logs { unlink(log) }
        Output.line("Deleted \(records) and \(files).")
    }
}

/// What would be deleted: the number of sessions, the newest of them, and their existing logs.
private struct Forgettable {
    private static let shown = 20

    private(set) var count = 0
    private(set) var newest: [SessionRecord] = []
    private(set) var logs: [String] = []
    private(set) var logSize: Int64 = 0

    init(before date: Timestamp, in home: RunnerHome) throws(StoreError) {
        var found = Self()
        _ = try StoreConnection.lookingAt(home) { store throws(StoreError) in
            try store.eachForgettableSession(before: date) { found.add($0, home) }
        }
        self = found
    }

    private init() {}

    private mutating func add(_ session: SessionRecord, _ home: RunnerHome) {
        count += 1
        newest.append(session)
        if newest.count > Self.shown { newest.removeFirst() }
        guard let log = session.logPath, lies(log, in: home.sessionLogs), let size = fileSize(log)
        else { return }
        logs.append(log)
        logSize += size
    }

    func show() {
        var table = Table(
            ["NAME", "ID", "STARTED", "AGENT", "HOW", "DIRECTORY"], fits: ["HOW": .text, "DIRECTORY": .path])
        for view in newest.map(SessionView.init) {
            table.add([
                view.name, view.shortID, view.session.createdAt.local, view.session.agent, view.ending,
                view.session.directory,
            ])
        }
        if count > newest.count { Output.line("The newest \(newest.count) of \(count):") }
        Output.line(table.rendered())
    }
}
