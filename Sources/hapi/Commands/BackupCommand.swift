import ArgumentParser
import Glibc
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Make a consistent copy of the store while everything runs.",
        discussion: """
            To restore it: stop the runner, move runner.db, runner.db-wal and runner.db-shm away, and put \
            the copy in their place as runner.db.

            EXAMPLES
              hapi runner backup ~/hapi-backup.db
            """)

    @Argument(help: "The file to write; it must not exist yet.") var file: String

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let path = try absolutePath(file)
        guard access(path, F_OK) != 0 else {
            Output.complain("\(path) exists already; it was left as it is", hint: "name a file that does not")
            throw ExitCode(ExitStatus.failed)
        }
        try StoreConnection(path: home.store, mode: .existing).backUp(to: path)
        Output.line("The store was copied to \(path.visible).")
    }
}
