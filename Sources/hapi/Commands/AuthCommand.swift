import ArgumentParser
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct AuthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth", abstract: "Connect to a hub; its address and token are kept in settings.json.",
        discussion: """
            HAPI_API_URL and CLI_API_TOKEN in the environment take precedence over what is stored.

            EXAMPLES
              hapi auth login
              hapi auth login --hub https://hub.example.org
              hapi auth login --with-token < token.txt
              hapi auth status
            """,
        subcommands: [LoginCommand.self, AuthStatusCommand.self, LogoutCommand.self])
}

struct AuthStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show which hub and token are used; the token itself is not shown.")

    func run() throws {
        let configuration = try Configuration.ofThisProcess()
        let settings = try Settings.read(configuration.home)
        let fromEnvironment = processEnvironment.stated(.token) != nil
        let source = fromEnvironment ? "environment" : settings.token == nil ? "none" : "settings file"
        Output.line("HAPI_API_URL: \(configuration.hubURL)")
        Output.line("CLI_API_TOKEN: \(configuration.hub == nil ? "missing" : "set")")
        Output.line("Token Source: \(source)")
        if let namespace = configuration.hub?.namespace { Output.line("Namespace: \(namespace)") }
        Output.line("Machine ID: \(settings.machineID ?? "not set")")
        Output.line("Host: \(configuration.host)")
        if let runner = RunnerPresence(configuration.home).runner {
            Output.line(
                "Runner: running (process \(runner.process.pid)), \(StatusView.hubText(runner).visible)")
        } else {
            Output.line("Runner: not running")
        }
    }
}

struct LogoutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Forget the stored token.")

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        guard isDirectory(home.path) else { return Output.line("No token is stored.") }
        var wasStored = false
        // Written even if no token is stored, because an interrupted login may have left one in a temporary
        // file beside the settings. Keeps the machine id: with a new one, the hub would see another machine.
        try Settings.update(home) {
            wasStored = $0.token != nil
            $0.token = nil
        }
        Output.line(wasStored ? "Token forgotten." : "No token is stored.")
        if wasStored, RunnerPresence(home).runner?.hubState == .connected {
            Output.line("The runner stays connected; to disconnect it: hapi runner start --replace")
        }
    }
}
