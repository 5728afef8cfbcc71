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
        abstract: "How the runner stands; when it is down, when and why the last one ended.",
        discussion: "Exits with 0 if the runner runs and with 3 if not. Needs no running runner.")

    @Flag(help: "One JSON document.") var json = false

    func run() throws { throw ExitCode(try StatusLook(json: json).look()) }
}
