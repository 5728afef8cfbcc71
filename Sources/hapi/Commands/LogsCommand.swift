import ArgumentParser
import Glibc
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct LogsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "A session's output; without an ID, where the runner's log is.",
        discussion: """
            -f follows a session to its end, and the runner's log across its restarts.

            EXAMPLES
              hapi runner logs fix-login -n 50
              hapi runner logs fix-login -f
              hapi runner logs --since 10min
              tail -f $(hapi runner logs)
            """)

    @Argument(help: SessionLookup.help, completion: .sessions) var id: String?
    @Flag(name: .shortAndLong, help: "Show what is added, as it comes.") var follow = false
    @Option(name: [.customShort("n"), .customLong("lines")], help: "Show the last N lines.") var lines: Int?
    @Option(
        help: ArgumentHelp("Only from then on: \(PastMoment.help).", valueName: "when"),
        transform: PastMoment.init)
    var since: PastMoment?
    @Flag(help: "Only where the log is.") var path = false

    func validate() throws {
        guard lines ?? 0 >= 0 else { throw ValidationError("-n needs a number of lines") }
        guard !(path && follow) else { throw ValidationError("--path and -f do not go together") }
    }

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let session = try id.map { try SessionLookup.session($0, in: home) }
        let file =
            session == nil ? RunnerPresence(home).runner?.logPath ?? home.newestRunnerLog() : session?.logPath
        guard let file, access(file, F_OK) == 0 else {
            Output.complain(id.map { "there is no log of \($0)" } ?? "there is no runner log yet")
            throw ExitCode(ExitStatus.failed)
        }
        if path || session == nil && !follow && lines == nil && since == nil { return Output.line(file) }
        var follower = try LogFollower(file, home: home, session: session?.id)
        try follower.show(last: lines ?? (follow && since == nil ? 100 : nil), since: since?.moment)
        if follow { try follower.follow() }
    }
}
