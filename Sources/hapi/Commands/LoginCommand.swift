import ArgumentParser
import Glibc
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Connect this machine to a hub: ask for its address and token, and try them.",
        discussion: """
            The token is not shown while you type. A token that the hub refuses is not stored; a hub that \
            cannot be reached now is, and the runner keeps trying. A running runner uses both at once.

            EXAMPLES
              hapi auth login --hub https://hub.example.org
            """)

    @Option(help: ArgumentHelp("The hub's address.", valueName: "url")) var hub: String?
    @Flag(help: "Read the token from standard input.") var withToken = false

    func run() async throws {
        guard withToken || isatty(STDIN_FILENO) == 1 else {
            Output.complain(
                "there is no terminal to ask for the token on", hint: "hapi auth login --with-token < FILE")
            throw ExitCode(ExitStatus.failed)
        }
        let home = try RunnerHome.fromEnvironment()
        let current = try Configuration.load(environment: processEnvironment)
        let url = try hubURL(current)
        let token = try askedToken()
        let tried = try Configuration.load(
            environment: processEnvironment.merging([
                Variable.hubURL.rawValue: url, Variable.token.rawValue: token,
            ]) { $1 })
        let words = try await attempt(tried)
        try home.create()
        try Settings.update(home) {
            $0.token = token
            if hub != nil || current.states.hubURL || url != current.hubURL { $0.hubURL = url }
        }
        Output.line(words)
        Output.line("Stored in \(home.settings.tilded).")
        noteEnvironment(url, token)
        try await takeUp(url, token, home)
    }

    private func hubURL(_ current: Configuration) throws -> String {
        var answer = hub ?? ""
        if hub == nil, !withToken, !current.states.hubURL {
            Output.prompt("Hub [\(current.hubURL)]: ")
            answer = readLine()?.split(separator: " ").joined() ?? ""
        }
        guard !answer.isEmpty else { return current.hubURL }
        let url = answer.contains("://") ? answer : "https://\(answer)"
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw ConfigurationError(
                variable: "the hub", value: answer, needed: "an address that begins with https://")
        }
        return url
    }

    private func askedToken() throws -> String {
        if !withToken { Output.prompt("Token: ") }
        let line = withToken ? readLine() : HiddenLine.read()
        if !withToken { Output.errors("") }
        guard let token = try Token.usable(line ?? "", from: "the token") else {
            Output.complain("the token is empty; nothing was stored")
            throw ExitCode(ExitStatus.failed)
        }
        return token
    }

    /// The message if the hub accepts the token, or cannot be reached now. Exits if it refuses the token.
    private func attempt(_ configuration: Configuration) async throws -> String {
        do {
            let name = try await HubREST.check(configuration) ?? configuration.host
            return "Connected to \(configuration.hubURL) as \(name.visible)."
        } catch let error as HubError {
            guard error.cause == .unavailable else {
                Output.complain("\(error); nothing was stored")
                throw ExitCode(ExitStatus.failed)
            }
            Output.complain("\(error)")
            return "The hub cannot be reached now; the token was not tried."
        }
    }

    private func noteEnvironment(_ url: String, _ token: String) {
        for (name, value) in [(Variable.hubURL, url), (.token, token)] {
            if let own = processEnvironment.stated(name), own.trimmingWhitespace != value {
                Output.errors(
                    "\(name.rawValue) is set in this shell, and takes precedence over what is stored.")
            }
        }
    }

    /// Restarts a running runner with the new identity and its own flags and environment.
    private func takeUp(_ url: String, _ token: String, _ home: RunnerHome) async throws {
        guard let runner = RunnerPresence(home).runner else {
            return Output.line("Start the runner: hapi runner start")
        }
        if let unit = ServiceUnit.inCharge(of: home, processEnvironment) {
            let systemctl = Systemctl(unit: unit, environment: processEnvironment)
            if try await systemctl.mainPID() == runner.process.pid {
                let restarted = try await systemctl.bring("restart", home)
                return Output.line(
                    "The service was restarted with them: \(StatusView.hubText(restarted).visible).")
            }
        }
        let starter = try RunnerStarter(
            like: runner, of: home, forgetting: [.hubURL, .token])
        if try await starter.recovers(runner) {
            return Output.line("The runner uses them now, and is connected.")
        }
        switch try await starter.start(replacing: false, note: { _ in }) {
        case .alreadyRunning(let running) where running.hubURL != nil && running.hubState == .connected:
            Output.line("The runner uses them already.")
        case .alreadyRunning(let running):
            Output.line("The runner (process \(running.process.pid)) tries them now.")
        case .started(let started):
            let standing = try await starter.hubStanding(of: started)
            Output.line("The runner was restarted with them: \(StatusView.hubText(standing).visible).")
        }
    }
}
