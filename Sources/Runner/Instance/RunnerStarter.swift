import CProcess
import Glibc
import RunnerStore

/// Starts the daemon detached and waits until it answers.
public struct RunnerStarter: Sendable {
    public enum Outcome: Sendable {
        case started(RunnerRecord)
        case alreadyRunning(RunnerRecord)
    }

    let configuration: Configuration
    let roots: WorkspaceRoots
    let directoryPolicy: DirectoryPolicy?

    /// - Parameter directoryPolicy: nil for what the settings say.
    public init(configuration: Configuration, roots: WorkspaceRoots, directoryPolicy: DirectoryPolicy?) {
        self.configuration = configuration
        self.roots = roots
        self.directoryPolicy = directoryPolicy
    }

    /// What the daemon is started with, after the program's name.
    private var arguments: [String] {
        ["runner", "start-sync"] + roots.advertised.flatMap { ["--workspace-root", $0] }
            + (directoryPolicy.map { ["--directory-creation", $0.rawValue] } ?? [])
    }

    /// - Parameter note: told what is being done, for the user.
    public func start(replacing: Bool, note: (String) -> Void) async throws -> Outcome {
        let home = configuration.home
        try home.create()
        let presence = RunnerPresence(home)
        if let error = presence.storeError { throw error }
        if let running = presence.runner, !presence.isStopping {
            let state = StateFile.read(home)
            if !replacing && isSame(running, state) {
                if let flags = state?.startedWithArgv, flags != arguments {
                    note(
                        "it runs with other flags (\(flags.dropFirst(2).joined(separator: " "))); --replace changes them"
                    )
                }
                return .alreadyRunning(running)
            }
            let why = replacing ? "" : ": it is of another version or identity"
            note("stopping the runner that runs, process \(running.process.pid)\(why)")
        } else if let pid = presence.foreignPID {
            note("stopping HAPI's own runner, process \(pid)")
        }
        _ = try await RunnerStopper(
            home: home, controlTimeout: configuration.controlTimeout, replacing: true
        ).stop()
        return try await launch()
    }

    private func isSame(_ runner: RunnerRecord, _ state: StateFile?) -> Bool {
        guard runner.version == ProgramFile.version, let state, let machineID = runner.machineID else {
            return false
        }
        return state.matches(RunnerIdentity(configuration, machineID: machineID))
    }

    private func launch() async throws -> Outcome {
        let lastWords = cprocess_memory_file("runner")
        guard lastWords >= 0 else {
            throw FileError(action: "create", path: "a memory file", code: -lastWords)
        }
        defer { close(lastWords) }
        let program = ProgramFile.current.path
        var environment = configuration.environment
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
    public func hubStanding(of runner: RunnerRecord) async throws -> RunnerRecord {
        let deadline = ContinuousClock.now + .seconds(5)
        var latest = runner
        while latest.hubState == .connecting && ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
            latest = RunnerPresence(configuration.home).runner ?? latest
        }
        return latest
    }
}

public struct RunnerStartError: Error, CustomStringConvertible {
    let reason: String
    let log: String?
    public var description: String {
        "cannot start the runner: \(reason)" + (log.map { " (log: \($0))" } ?? "")
    }
}
