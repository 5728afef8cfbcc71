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
        commandName: "logs", abstract: "Where the newest runner log is; with an ID, that session's.",
        discussion: """
            EXAMPLES
              tail -f $(hapi runner logs)
              hapi runner logs -f
              hapi runner logs 987f738a-de72-4fe4-8977-48cdb185b178
            """)

    @Argument(help: "A HAPI session id, a record id, or PID-<n>.") var id: String?
    @Flag(name: .shortAndLong, help: "Show the log as it grows.") var follow = false

    func run() throws {
        guard let path = try logPath() else {
            Output.complain(id.map { "there is no log of \($0)" } ?? "there is no runner log yet")
            throw ExitCode(ExitStatus.failed)
        }
        guard follow else { return Output.line(path) }
        throw FileError.cannotRun("tail", SignalSetting.become("tail", ["-n", "100", "-F", "--", path]))
    }

    private func logPath() throws -> String? {
        let home = try RunnerHome.fromEnvironment()
        guard let id else { return RunnerPresence(home).runner?.logPath ?? home.newestRunnerLog() }
        let sessions = try StoreConnection.lookingAt(home) { store throws(StoreError) in
            try store.sessions(meant: id)
        }
        return sessions?.lazy.compactMap(\.logPath).first
    }
}
