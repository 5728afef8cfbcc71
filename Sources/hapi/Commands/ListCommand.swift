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
        commandName: "list", abstract: "Live sessions, each checked against its process.",
        discussion: """
            --watch redraws every second, with the memory and processor time of everything a session \
            started; q leaves. Needs no running runner.

            EXAMPLES
              hapi ls
              hapi runner list --watch
              hapi runner list --failed --since 7d
            """)

    @Flag(help: "Ended sessions too.") var all = false
    @Flag(help: "One JSON document.") var json = false
    @Flag(name: .shortAndLong, help: "Go on showing them; q leaves.") var watch = false
    @OptionGroup var filter: SessionFilter

    func validate() throws {
        guard !(watch && json) else { throw ValidationError("--watch and --json do not go together") }
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
