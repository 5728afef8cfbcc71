import ArgumentParser
import Home
import HubClient
import HubProtocol
import Processes
import Runner
import RunnerStore
import SessionProcess

struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart", abstract: "Restart the runner, or sessions.",
        discussion: """
            Without an ID, restarts the runner with the flags and the environment it was started with; its \
            sessions keep running. With IDs, starts each session again in the same directory, with the \
            same agent and options, and continues the agent's conversation where it is known; a live one \
            is stopped first.

            EXAMPLES
              hapi runner restart
              hapi runner restart fix-login
              hapi runner restart --lost        every session a reboot ended
            """)

    @Argument(help: SessionLookup.help, completion: .sessions) var ids: [String] = []
    @Flag(help: "Every session that the last reboot ended.") var lost = false

    @OptionGroup var limits: LimitOptions

    func validate() throws {
        guard !lost || ids.isEmpty else { throw ValidationError("--lost takes no ID") }
        guard !limits.areGiven || lost || !ids.isEmpty else {
            throw ValidationError("limits are for sessions; name one")
        }
    }

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        if lost { return try await restartLost(home) }
        if ids.isEmpty { return try await restartRunner(home) }
        for id in ids { try await restart(try SessionLookup.session(id, in: home), home) }
    }

    private func restartRunner(_ home: RunnerHome) async throws {
        let presence = RunnerPresence(home)
        if let error = presence.storeError { throw error }
        guard let running = presence.runner else {
            Output.complain("no runner is running", hint: "hapi runner start")
            throw ExitCode(ExitStatus.noRunner)
        }
        if let unit = ServiceUnit.inCharge(of: home, processEnvironment) {
            let systemctl = Systemctl(unit: unit, environment: processEnvironment)
            if try await systemctl.mainPID() == running.process.pid {
                let runner = try await systemctl.bring("restart", home)
                return Output.line(
                    "Runner restarted by systemd (process \(runner.process.pid)). Its sessions keep running.")
            }
        }
        let starter = try RunnerStarter(like: running, of: home)
        switch try await starter.start(replacing: true, note: { _ in }) {
        case .started(let runner), .alreadyRunning(let runner):
            Output.line("Runner restarted (process \(runner.process.pid)). Its sessions keep running.")
        }
    }

    private func restartLost(_ home: RunnerHome) async throws {
        let sessions =
            try StoreConnection.lookingAt(home) { store throws(StoreError) in try store.lostWithReboot() }
            ?? []
        guard !sessions.isEmpty else {
            return Output.line("No session was lost to a reboot.")
        }
        for session in sessions { try await restart(session, home) }
    }

    private func restart(_ session: SessionRecord, _ home: RunnerHome) async throws {
        let view = SessionView(session)
        guard session.origin == .runner else {
            Output.complain("\(view.title) was started in a terminal, and can only be started again there")
            throw ExitCode(ExitStatus.failed)
        }
        let client = try ControlClient.ofRunningRunner()
        if view.state != .ended, try await client.stopSession(session.id) == .stillAlive {
            Output.complain("\(view.title) could not be stopped, so it was not started again")
            throw ExitCode(ExitStatus.failed)
        }
        let kept = try StoreConnection.lookingAt(home) { store throws(StoreError) in
            try store.options(of: session)
        }
        var parameters = limits.applied(to: kept ?? SpawnParameters(directory: session.directory))
        parameters.agent = session.agent
        parameters.name = session.name
        parameters.resumeSessionId = session.nativeID ?? parameters.resumeSessionId
        let request = newID()
        try await SpawnReport(request: request, json: false)
            .tell(try await client.spawn(parameters, requestID: request))
    }
}

extension Reading {
    /// The runner's named sessions that the last reboot of this machine ended, without those whose name a
    /// later session has taken.
    func lostWithReboot() throws(StoreError) -> [SessionRecord] {
        let here = HostIdentity.current
        // Looks at the newest 500 sessions only: nobody waits for older ones.
        let all = Array(try sessions(.newestFirst, limit: 500).sessions.reversed())
        func isOfEarlierBoot(_ session: SessionRecord) -> Bool {
            session.launch.host.machine == here.machine && session.launch.host.bootID != here.bootID
        }
        guard let boot = all.last(where: isOfEarlierBoot)?.launch.host.bootID else { return [] }
        let since = Set(all.filter { !isOfEarlierBoot($0) }.compactMap(\.name).map { Array($0.utf8) })
        return all.filter { session in
            session.launch.host.bootID == boot && session.origin == .runner && session.stoppedBy == nil
                && (session.exit.map { $0.reason == .vanished } ?? (session.stateNow == .ended))
                && session.name.map { !since.contains(Array($0.utf8)) } ?? false
        }
    }
}
