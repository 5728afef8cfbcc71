import ArgumentParser
import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List live sessions, each checked against its process.",
        discussion: """
            --watch updates every second and adds the memory and CPU use of everything a session \
            started; q quits. Works without a running runner.

            EXAMPLES
              hapi ls
              hapi runner list --watch
              hapi runner list --failed --since 7d
            """)

    @Flag(help: "Include ended sessions.") var all = false
    @Flag(help: "Print one JSON document.") var json = false
    @Flag(name: .shortAndLong, help: "Keep the list up to date; q quits.") var watch = false
    @OptionGroup var filter: SessionFilter

    func validate() throws {
        guard !(watch && json) else { throw ValidationError("--watch and --json cannot be combined") }
    }

    func run() throws {
        guard !watch || isatty(STDOUT_FILENO) == 1 else {
            throw ValidationError("--watch needs a terminal")
        }
        let look = ListLook(all: all || filter.includesEnded, json: json, accepts: try filter.acceptance())
        if watch { return try SessionWatch(look: look).run() }
        throw ExitCode(try look.look())
    }
}
