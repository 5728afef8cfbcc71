import ArgumentParser
import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how the runner is doing; if it is down, when and why it ended.",
        discussion: "Exits with 0 if the runner is running and with 3 if not.")

    @Flag(help: "Print one JSON document.") var json = false

    func run() throws { throw ExitCode(try StatusLook(json: json).look()) }
}
