import ArgumentParser
import Home
import HubClient
import Processes
import RunnerStore
import SessionProcess

/// Short forms of the runner's commands. Declared for help and completions only; ``Invocation`` expands them
/// before parsing.
struct ShortListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "Short for: hapi runner list")
    @OptionGroup var list: ListCommand

    func run() throws { try list.run() }
}

struct ShortStopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Short for: hapi runner stop-session")
    @OptionGroup var stop: StopSessionCommand

    func run() async throws { try await stop.run() }
}
