import CProcess
import Glibc
import HubClient
import Processes
import RunnerStore

/// Starts the daemon in the background and waits until it answers.
package struct RunnerStarter: Sendable {
    package enum Outcome: Sendable {
        case started(RunnerRecord)
        case alreadyRunning(RunnerRecord)
    }

    package let configuration: Configuration
    /// The daemon's arguments, without the program's name.
    package let arguments: [String]

    /// - Parameters:
    ///   - directoryPolicy: nil for the policy in the settings.
    ///   - resumesAfterReboot: true to resume conversations after a reboot whatever the settings say.
    package init(
        configuration: Configuration, roots: WorkspaceRoots, directoryPolicy: DirectoryPolicy?,
        resumesAfterReboot: Bool = false
    ) {
        self.configuration = configuration
        arguments =
            ["runner", "start-sync"] + roots.advertised.flatMap { ["--workspace-root", $0] }
            + (directoryPolicy.map { ["--directory-creation", $0.rawValue] } ?? [])
            + (resumesAfterReboot ? ["--resume-after-reboot"] : [])
    }

    /// Starts a runner like a running one: with its flags and its environment, except for the variables in
    /// `forgetting`.
    package init(like runner: RunnerRecord, of home: RunnerHome, forgetting: [Variable] = []) throws {
        var environment = ProcessTable.environment(of: runner.process.pid) ?? processEnvironment
        for name in forgetting + [.renewal] { environment[name] = nil }
        environment[.hapiHome] = home.path
        configuration = try Configuration.load(environment: environment)
        arguments = StateFile.read(home)?.startedWithArgv ?? ["runner", "start-sync"]
    }

    /// - Parameter note: called with messages for the user about what is being done.
    package func start(replacing: Bool, note: (String) -> Void) async throws -> Outcome {
        let home = configuration.home
        try home.create()
        let presence = RunnerPresence(home)
        // The runner can do without the shared memory that reading the store needs.
        if let error = presence.storeError, error.cause != .noSharedMemory { throw error }
        var environment = configuration.environment
        if let running = presence.runner, !presence.isStopping {
            if !replacing {
                let state = StateFile.read(home)
                switch StartVerdict.judge(
                    version: running.version, state: state, own: ProgramFile.version, configuration)
                {
                case .keep(let aside):
                    noteDifferences(state, aside, running.process.pid, note)
                    return .alreadyRunning(running)
                case .replace(let why):
                    note("stopping the running runner (process \(running.process.pid)): \(why)")
                }
                keepUnstated(of: running.process.pid, in: &environment)
            }
        } else if let pid = presence.foreignPID {
            try await takeSessions(of: pid, presence.controlPort, note)
            note("stopping HAPI's own runner (process \(pid))")
            keepUnstated(of: pid, in: &environment)
        }
        _ = try await RunnerStopper(
            home: home, controlTimeout: configuration.controlTimeout, replacing: true
        ).stop()
        return try await launch(environment)
    }

    /// Records the sessions of HAPI's runner, which keep running, as this runner's.
    private func takeSessions(of pid: Int32, _ port: Int?, _ note: (String) -> Void) async throws {
        guard let port else { return }
        let home = configuration.home
        let summary = try await Takeover(home: home, controlTimeout: configuration.controlTimeout)
            .run(from: pid, port: port)
        if summary.taken > 0 { note("taking over its sessions: \(summary.taken)") }
        if !summary.left.isEmpty {
            let pids = summary.left.map(String.init).joined(separator: ", ")
            note("left alone, because nothing proves that they are its sessions: processes \(pids)")
        }
    }

    /// The variables, read by the runner or passed to sessions, whose values differ here. Without those of
    /// the identity: if these differ, the runner is replaced.
    private func otherVariables(of pid: Int32) -> [String] {
        let read: [Variable] = [
            .path, .hostName, .trustRoots, .heartbeatInterval, .reportTimeout, .logLevel, .renewalDisabled,
            .sessionProgram,
        ]
        return read.filter {
            !isSamePath(configuration.environment[$0] ?? "", ProcessTable.environmentValue($0, of: pid) ?? "")
        }.map(\.rawValue)
    }

    private func noteDifferences(
        _ state: StateFile?, _ aside: String?, _ pid: Int32, _ note: (String) -> Void
    ) {
        if let aside { note("\(aside); --replace restarts it") }
        let others = otherVariables(of: pid)
        if !others.isEmpty {
            note("it runs with a different \(others.joined(separator: ", ")); --replace restarts it")
        }
        if let flags = state?.startedWithArgv, flags != arguments {
            let shown = flags.dropFirst(2).joined(separator: " ")
            note("it runs with other flags (\(shown.isEmpty ? "none" : shown)); --replace restarts it")
        }
    }

    /// Keeps the hub, token and headers of the replaced runner unless they are set explicitly here.
    private func keepUnstated(of pid: Int32, in environment: inout [String: String]) {
        let unstated: [(Variable, Bool)] = [
            (.hubURL, configuration.states.hubURL), (.token, configuration.states.token),
            (.extraHeaders, configuration.states.extraHeaders),
        ]
        for (name, isStated) in unstated where !isStated {
            environment[name] = ProcessTable.environmentValue(name, of: pid) ?? environment[name]
        }
    }

    private func launch(_ variables: [String: String]) async throws -> Outcome {
        let lastWords = try MemoryFile("runner")
        let program = ProgramFile.current.path
        var environment = variables
        environment[.hapiHome] = configuration.home.path
        let launch = ProcessLaunch(
            program: "/proc/self/exe",
            arguments: [program] + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" },
            errors: .descriptor(lastWords.descriptor))
        guard let process = try await launch.started(keeping: [lastWords]) else { throw CancellationError() }
        let deadline = ContinuousClock.now + .seconds(45)
        while ContinuousClock.now < deadline {
            // If a concurrent start was faster, use its runner.
            if let runner = await answering() {
                return runner.process.pid == process.pid ? .started(runner) : .alreadyRunning(runner)
            }
            if process.reap() != nil { throw failure(process.pid, lastWords.text()) }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw RunnerStartError(reason: "it did not answer within 45 s", log: log(of: process.pid))
    }

    /// The runner's row, once its control server answers.
    private func answering() async -> RunnerRecord? {
        let presence = RunnerPresence(configuration.home)
        guard let runner = presence.runner, !presence.isStopping, let port = runner.httpPort else {
            return nil
        }
        return await ControlClient(port: port, timeout: configuration.controlTimeout).answers() ? runner : nil
    }

    private func failure(_ pid: Int32, _ lastWords: String) -> RunnerStartError {
        let words = lastWords.trimmingWhitespace
        let reason = words.hasPrefix("hapi: ") ? String(words.dropFirst(6)) : words
        return RunnerStartError(reason: reason.isEmpty ? "it ended at once" : reason, log: log(of: pid))
    }

    private func log(of pid: Int32) -> String? { configuration.home.newestRunnerLog(pid: pid) }

    /// Whether a runner that the hub refuses connects with another token by itself. It rereads the settings
    /// if its environment sets neither hub nor token. Waits at most five seconds.
    package func recovers(_ runner: RunnerRecord) async throws -> Bool {
        let pid = runner.process.pid
        let told = ProcessTable.environment(of: pid) ?? [:]
        let isOurs = told.stated(.token) == nil && runner.hubURL == configuration.hubURL
        guard runner.hubState == .unauthorized, isOurs else { return false }
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline {
            let latest = RunnerPresence(configuration.home).runner
            if latest?.process.pid == pid, latest?.hubState == .connected { return true }
            try await Task.sleep(for: .milliseconds(20))
        }
        return false
    }

    /// Waits for the hub's answer, at most five seconds, and returns the runner's row with the state of its
    /// hub connection.
    package func hubStanding(of runner: RunnerRecord) async throws -> RunnerRecord {
        let deadline = ContinuousClock.now + .seconds(5)
        var latest = runner
        while latest.hubState == .connecting && ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
            latest = RunnerPresence(configuration.home).runner ?? latest
        }
        return latest
    }
}

package struct RunnerStartError: Error, CustomStringConvertible {
    package let reason: String
    package let log: String?
    package var description: String {
        "cannot start the runner: \(reason)" + (log.map { " (log: \($0))" } ?? "")
    }
}
