import ArgumentParser
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct RunnerOptions: ParsableArguments {
    @Option(
        name: .customLong("workspace-root"), parsing: .singleValue,
        help: ArgumentHelp(
            "A directory that sessions may work in and the web app may browse. Repeatable.", valueName: "dir")
    )
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            "What to do when a request names a missing directory and does not say whether to create it.",
            discussion: "Default: directoryCreation in settings.json, or allow.",
            valueName: "allow|ask|deny"))
    var directoryCreation: Choice<DirectoryPolicy>?

    @Flag(
        help: ArgumentHelp(
            "Go on with the conversations that a restart of the machine cut short.",
            discussion: "Without this flag: resumeAfterReboot in settings.json, or not."))
    var resumeAfterReboot = false

    func validate() throws { try directoryCreation?.check() }

    var isEmpty: Bool { paths.isEmpty && directoryCreation == nil && !resumeAfterReboot }
}

struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Start the runner in the background.",
        discussion: """
            Returns when the runner answers, and says whether it is connected to the hub. A running runner \
            is left alone, unless it is another version, or the environment or the settings name another \
            hub or token. Sessions keep running either way.

            EXAMPLES
              hapi runner start
              hapi runner start --workspace-root ~/work --workspace-root ~/play
              hapi runner start --directory-creation ask
              hapi runner start --resume-after-reboot
            """)

    @OptionGroup var options: RunnerOptions
    @Flag(help: "Replace a running runner in any case.") var replace = false
    @Flag(help: "Return without waiting for the hub.") var noWait = false

    func run() async throws {
        let configuration = try Configuration.ofThisProcess()
        let starter = RunnerStarter(
            configuration: configuration, roots: try WorkspaceRoots(options.paths),
            directoryPolicy: options.directoryCreation?.value,
            resumesAfterReboot: options.resumeAfterReboot)
        if let runner = try await startService(configuration, starter) {
            if !noWait { try tell(runner) }
            return
        }
        let runner: RunnerRecord
        switch try await starter.start(replacing: replace, note: Output.errors) {
        case .alreadyRunning(let running):
            Output.line("Already running (process \(running.process.pid)).")
            runner = running
        case .started(let started):
            Output.line("Runner started (process \(started.process.pid)).")
            runner = started
        }
        if !noWait { try tell(try await starter.hubStanding(of: runner)) }
    }

    /// Starts the runner through systemd if a unit runs this home's runner and none is running; nil if there
    /// is no such unit.
    private func startService(_ configuration: Configuration, _ starter: RunnerStarter) async throws
        -> RunnerRecord?
    {
        let home = configuration.home
        guard !replace, let unit = ServiceUnit.inCharge(of: home, processEnvironment),
            RunnerPresence(home).runner == nil
        else { return nil }
        if !options.isEmpty {
            Output.errors("flags are ignored: the service has its own; to change them: hapi service install")
        }
        let runner = try await Systemctl(unit: unit, environment: processEnvironment).bring("start", home)
        Output.line("Runner started by systemd (process \(runner.process.pid)).")
        return try await starter.hubStanding(of: runner)
    }

    private func tell(_ runner: RunnerRecord) throws {
        let hub = runner.hubURL ?? ""
        switch runner.hubState {
        case .connected: Output.line("Connected to \(hub).")
        case .connecting:
            Output.line("The hub at \(hub) cannot be reached; retrying in the background.")
            if let detail = runner.hubDetail { Output.errors("  \(detail.visible)") }
        case .disabled:
            Output.line("Local only: no token is configured. To connect it to a hub: hapi auth login")
        case .unauthorized:
            Output.complain("the hub at \(hub) refuses this runner: \(runner.hubDetail ?? "")")
            throw ExitCode(ExitStatus.hubRefused)
        }
    }
}

struct StartSyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start-sync",
        abstract: "Run the runner in the foreground, as systemd and containers do.",
        discussion: "Exits with 0 after a clean stop, and with 75 if another runner has this home.")

    @OptionGroup var options: RunnerOptions

    func run() async throws {
        let daemon = RunnerDaemon(
            configuration: try Configuration.ofThisProcess(),
            roots: try WorkspaceRoots(options.paths), directoryPolicy: options.directoryCreation?.value,
            resumesAfterReboot: options.resumeAfterReboot,
            arguments: Array(processArguments.dropFirst()),
            announce: { Output.note("hapi \(ProgramFile.version): \($0)") })
        try await daemon.run()
    }
}
