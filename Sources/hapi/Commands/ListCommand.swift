import ArgumentParser
import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The live sessions, each checked against its process.",
        discussion: "Needs no running runner.")

    @Flag(help: "Ended sessions too.") var all = false
    @Flag(help: "One JSON document.") var json = false

    func run() throws { throw ExitCode(try ListLook(all: all, json: json).look()) }
}
