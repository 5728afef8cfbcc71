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
        commandName: "logs",
        abstract: "Show a session's output; without an ID, the path of the runner's log.",
        discussion: """
            -f follows a session to its end, and the runner's log across its restarts.

            EXAMPLES
              hapi runner logs fix-login -n 50
              hapi runner logs fix-login -f
              hapi runner logs --since 10min
              tail -f $(hapi runner logs)
            """)

    @Argument(help: SessionLookup.help, completion: .sessions) var id: String?
    @Flag(name: .shortAndLong, help: "Keep showing new output as it arrives.") var follow = false
    @Option(name: [.customShort("n"), .customLong("lines")], help: "Show the last N lines.") var lines: Int?
    @Option(
        help: ArgumentHelp("Only from then on: \(PastMoment.help).", valueName: "when"),
        transform: PastMoment.init)
    var since: PastMoment?
    @Flag(help: "Print only the log's path.") var path = false

    func validate() throws {
        guard lines ?? 0 >= 0 else { throw ValidationError("-n needs a number of lines") }
        guard !(path && follow) else { throw ValidationError("--path and -f cannot be combined") }
    }

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let session = try id.map { try SessionLookup.session($0, in: home) }
        let file =
            session == nil ? RunnerPresence(home).runner?.logPath ?? home.newestRunnerLog() : session?.logPath
        guard let file, access(file, F_OK) == 0 else {
            Output.complain(id.map { "\($0) has no log" } ?? "there is no runner log yet")
            throw ExitCode(ExitStatus.failed)
        }
        if path || session == nil && !follow && lines == nil && since == nil { return Output.line(file) }
        var follower = try LogFollower(file, home: home, session: session?.id)
        try follower.show(last: lines ?? (follow && since == nil ? 100 : nil), since: since?.moment)
        if follow { try follower.follow() }
    }
}
