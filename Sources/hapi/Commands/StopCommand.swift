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
              hapi runner stop-session fix-login
              hapi runner stop-session PID-4711
            """)

    @Argument(help: SessionLookup.help, completion: .sessions) var id: String

    func run() async throws {
        let client = try ControlClient.ofRunningRunner()
        let (session, name) = try meant()
        switch try await client.stopSession(session) {
        case .stopped: Output.line("Stopped \(name).")
        case .alreadyGone: Output.line("\(name) had already ended.")
        case .stillAlive:
            Output.complain(
                "\(name) is not stopped: it is still alive, or cannot be reached from here",
                hint: "hapi runner list")
            throw ExitCode(ExitStatus.failed)
        }
    }
}

extension StopSessionCommand {
    /// The session's id, and what to call it. Where the store cannot be read the runner may still know it.
    private func meant() throws -> (id: String, name: String) {
        do {
            let session = try SessionLookup.session(id, in: RunnerHome.fromEnvironment())
            return (session.id, SessionView(session).title.visible)
        } catch is StoreError {
            return (id, id.visible)
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
