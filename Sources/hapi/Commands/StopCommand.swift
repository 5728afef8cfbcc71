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
        // Invalid settings or variables must not prevent a stop.
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
        let known = try known()
        let name = known.map { SessionView($0).title.visible } ?? id.visible
        switch try await client.stopSession(known?.id ?? id) {
        case .stopped: Output.line("Stopped \(name).")
        case .alreadyGone: Output.line("\(name) had already ended.")
        case .stillAlive where known == nil:
            Output.complain("no session is called \(name)", hint: "hapi runner list --all")
            throw ExitCode(ExitStatus.failed)
        case .stillAlive:
            Output.complain(
                "\(name) was not stopped: it is still alive, or cannot be seen from here",
                hint: "hapi runner list")
            throw ExitCode(ExitStatus.failed)
        }
    }
}

extension StopSessionCommand {
    /// nil if the store does not know the session or cannot be read. The runner may still know it: HAPI's own
    /// has no store, and a runner that replaced it knows which of its sessions have ended.
    private func known() throws -> SessionRecord? {
        do {
            let lookup = try SessionLookup.look(id, in: RunnerHome.fromEnvironment())
            if case .unknown = lookup { return nil }
            return try lookup.session(id)
        } catch is StoreError {
            return nil
        }
    }
}

extension ControlClient {
    /// The client of the running runner; exits with 3 if there is none.
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
