import ArgumentParser
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct StopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Stop the runner. Its sessions keep running.")

    func run() async throws {
        // Whatever else is wrong with settings and environment, a runner can be stopped.
        let stopper = RunnerStopper(
            home: try RunnerHome.fromEnvironment(),
            controlTimeout: try Configuration.controlTimeout(environment: processEnvironment))
        switch try await stopper.stop() {
        case .stopped(let pid): Output.line("Runner stopped (process \(pid)). Its sessions keep running.")
        case .noneRunning: Output.line("No runner is running.")
        case .elsewhere(let pid):
            Output.line(
                "No runner is running here. Process \(pid), on another machine or in another container, may be "
                    + "one: it can only be stopped there.")
        }
    }
}

struct StopSessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop-session", abstract: "Stop a session and everything it started.",
        discussion: """
            EXAMPLES
              hapi runner stop-session 987f738a-de72-4fe4-8977-48cdb185b178
              hapi runner stop-session PID-4711
            """)

    @Argument(help: "A HAPI session id, a record id, or PID-<n>.") var id: String

    func run() async throws {
        switch try await ControlClient.ofRunningRunner().stopSession(id) {
        case .stopped: Output.line("Session stopped.")
        case .alreadyGone: Output.line("The session had already ended.")
        case .stillAlive:
            Output.complain(
                "\(id) is not stopped: it is unknown here, or still alive", hint: "hapi runner list --all")
            throw ExitCode(ExitStatus.failed)
        }
    }
}

extension ControlClient {
    /// For the runner that runs; exits with 3 if none does.
    static func ofRunningRunner() throws -> ControlClient {
        let presence = RunnerPresence(try RunnerHome.fromEnvironment())
        guard let port = presence.controlPort else {
            if let error = presence.storeError { throw error }
            Output.complain("no runner is running", hint: "hapi runner start")
            throw ExitCode(ExitStatus.noRunner)
        }
        return ControlClient(
            port: port, timeout: try Configuration.controlTimeout(environment: processEnvironment))
    }
}
