import ArgumentParser
import Glibc
import Runner

struct AuthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth", abstract: "The token for the hub, in settings.json.",
        discussion: """
            CLI_API_TOKEN in the environment wins over the stored one.

            EXAMPLES
              hapi auth login
              echo "$TOKEN" | hapi auth login --with-token
              hapi auth status
            """,
        subcommands: [LoginCommand.self, AuthStatusCommand.self, LogoutCommand.self])
}

struct LoginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Store a token. It is asked for, and not shown.")

    @Flag(help: "Read the token from standard input.") var withToken = false

    func run() throws {
        guard withToken || isatty(STDIN_FILENO) == 1 else {
            Output.complain(
                "there is no terminal to ask for the token on", hint: "hapi auth login --with-token < FILE")
            throw ExitCode(ExitStatus.failed)
        }
        let token =
            (withToken ? readLine() : askForToken())?.split(separator: " ").joined(separator: " ") ?? ""
        guard !token.isEmpty else {
            Output.complain("the token is empty; nothing was stored")
            throw ExitCode(ExitStatus.failed)
        }
        let home = try RunnerHome.fromEnvironment()
        try home.create()
        try Settings.update(home) { $0.token = token }
        Output.line("Token stored in \(home.settings).")
        if RunnerPresence(home).runner?.hubState == .disabled {
            Output.line("The running runner works without a hub; connect it with: hapi runner start")
        }
    }

    private func askForToken() -> String? {
        Output.prompt("Token: ")
        defer { Output.errors("") }
        return HiddenLine.read()
    }
}

struct AuthStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Which hub and which token are used. The token itself is not shown.")

    func run() throws {
        let configuration = try Configuration.load(environment: processEnvironment)
        let settings = try Settings.read(configuration.home)
        let fromEnvironment = processEnvironment["CLI_API_TOKEN"].map { !$0.isEmpty } ?? false
        let source = fromEnvironment ? "environment" : settings.token == nil ? "none" : "settings file"
        Output.line("HAPI_API_URL: \(configuration.hubURL)")
        Output.line("CLI_API_TOKEN: \(configuration.hub == nil ? "missing" : "set")")
        Output.line("Token Source: \(source)")
        if let namespace = configuration.hub?.namespace { Output.line("Namespace: \(namespace)") }
        Output.line("Machine ID: \(settings.machineID ?? "not set")")
        Output.line("Host: \(configuration.host)")
        if let runner = RunnerPresence(configuration.home).runner {
            Output.line(
                "Runner: \(runner.hubState.rawValue)"
                    + (runner.hubDetail.map { ", \($0.visible)" } ?? ""))
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
        // Written in any case, for a login that was killed may have left a token beside the file. The
        // machine's id stays: another one would make it another machine at the hub.
        try Settings.update(home) {
            wasStored = $0.token != nil
            $0.token = nil
        }
        Output.line(wasStored ? "Token forgotten." : "No token is stored.")
    }
}
