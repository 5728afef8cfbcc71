import CProcess
import Glibc
import HubClient
import Processes
import RunnerStore

/// Starts the daemon detached and waits until it answers.
package struct RunnerStarter: Sendable {
    package enum Outcome: Sendable {
        case started(RunnerRecord)
        case alreadyRunning(RunnerRecord)
    }

    package let configuration: Configuration
    /// What the daemon is started with, after the program's name.
    package let arguments: [String]

    /// - Parameter directoryPolicy: nil for what the settings say.
    package init(configuration: Configuration, roots: WorkspaceRoots, directoryPolicy: DirectoryPolicy?) {
        self.configuration = configuration
        arguments =
            ["runner", "start-sync"] + roots.advertised.flatMap { ["--workspace-root", $0] }
            + (directoryPolicy.map { ["--directory-creation", $0.rawValue] } ?? [])
    }

    /// As a running runner was started: with its flags, and the environment it was given, but for the
    /// variables that are to be forgotten.
    package init(like runner: RunnerRecord, of home: RunnerHome, forgetting: [String] = []) throws {
        var environment = ProcessTable.environment(of: runner.process.pid) ?? processEnvironment
        for name in forgetting + [Inheritance.variable] { environment[name] = nil }
        environment["HAPI_HOME"] = home.path
        configuration = try Configuration.load(environment: environment)
        arguments = StateFile.read(home)?.startedWithArgv ?? ["runner", "start-sync"]
    }

    /// - Parameter note: told what is being done, for the user.
    package func start(replacing: Bool, note: (String) -> Void) async throws -> Outcome {
        let home = configuration.home
        try home.create()
        let presence = RunnerPresence(home)
        if let error = presence.storeError { throw error }
        var environment = configuration.environment
        if let running = presence.runner, !presence.isStopping {
            if !replacing {
                let state = StateFile.read(home)
                switch StartVerdict.judge(
                    version: running.version, state: state, own: ProgramFile.version, configuration)
                {
                case .keep(let aside):
                    noteDifferences(state, aside, note)
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

    /// HAPI's runner leaves its sessions behind: they are this runner's from now on.
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

    private func noteDifferences(_ state: StateFile?, _ aside: String?, _ note: (String) -> Void) {
        if let aside { note("\(aside); --replace starts it anew") }
        if let flags = state?.startedWithArgv, flags != arguments {
            let shown = flags.dropFirst(2).joined(separator: " ")
            note("it runs with other flags (\(shown.isEmpty ? "none" : shown)); --replace starts it anew")
        }
    }

    /// What nobody states here stays as the runner that is replaced was told: its hub, its token.
    private func keepUnstated(of pid: Int32, in environment: inout [String: String]) {
        let unstated = [
            ("HAPI_API_URL", configuration.states.hubURL), ("CLI_API_TOKEN", configuration.states.token),
            ("HAPI_EXTRA_HEADERS_JSON", configuration.states.extraHeaders),
        ].filter { !$0.1 }
        for (name, _) in unstated {
            environment[name] = ProcessTable.environmentValue(name, of: pid) ?? environment[name]
        }
    }

    private func launch(_ variables: [String: String]) async throws -> Outcome {
        let lastWords = cprocess_memory_file("runner")
        guard lastWords >= 0 else {
            throw FileError(action: "create", path: "a memory file", code: -lastWords)
        }
        defer { close(lastWords) }
        let program = ProgramFile.current.path
        var environment = variables
        environment["HAPI_HOME"] = configuration.home.path
        let launch = ProcessLaunch(
            program: "/proc/self/exe",
            arguments: [program] + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" },
            errors: .descriptor(lastWords))
        let pid = try launch.start()
        let deadline = ContinuousClock.now + .seconds(45)
        while ContinuousClock.now < deadline {
            // Another start at the same moment may have been faster: its runner is as good.
            if let runner = await answering() {
                return runner.process.pid == pid ? .started(runner) : .alreadyRunning(runner)
            }
            if waitpid(pid, nil, WNOHANG) == pid { throw failure(pid, lastWords) }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw RunnerStartError(reason: "it does not answer after 45 s", log: log(of: pid))
    }

    /// The runner's row, once its control server answers.
    private func answering() async -> RunnerRecord? {
        let presence = RunnerPresence(configuration.home)
        guard let runner = presence.runner, !presence.isStopping, let port = runner.httpPort else {
            return nil
        }
        return await ControlClient(port: port, timeout: configuration.controlTimeout).answers() ? runner : nil
    }

    private func failure(_ pid: Int32, _ lastWords: Int32) -> RunnerStartError {
        lseek(lastWords, 0, SEEK_SET)
        let words = String(decoding: readToEnd(lastWords) ?? [], as: UTF8.self).trimmingWhitespace
        let reason = words.hasPrefix("hapi: ") ? String(words.dropFirst(6)) : words
        return RunnerStartError(reason: reason.isEmpty ? "it ended at once" : reason, log: log(of: pid))
    }

    private func log(of pid: Int32) -> String? { configuration.home.newestRunnerLog(pid: pid) }

    /// Waits for the hub's answer, five seconds at most, and says how the runner stands with it.
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
