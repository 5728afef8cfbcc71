import ArgumentParser
import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

struct ServiceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "service", abstract: "Run the runner as a systemd service.",
        discussion: """
            EXAMPLES
              hapi service install --workspace-root ~/work
              hapi service status
              hapi service uninstall
            """,
        subcommands: [ServiceInstallCommand.self, ServiceUninstallCommand.self, ServiceStatusCommand.self])
}

struct ServiceScope: ParsableArguments {
    @Flag(help: "For the whole machine instead of this user; needs root.") var system = false

    var unit: ServiceUnit { ServiceUnit(isSystem: system, processEnvironment) }
    var systemctl: Systemctl { Systemctl(unit: unit, environment: processEnvironment) }
}

struct ServiceInstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Install, enable and start the service.",
        discussion: """
            A runner that is already running is stopped, and systemd starts it again; its sessions keep \
            running. The service uses the hub and the token stored by hapi auth login.
            """)

    @OptionGroup var scope: ServiceScope
    @Option(
        name: .customLong("workspace-root"), parsing: .singleValue,
        help: ArgumentHelp("A directory that sessions may work in. Repeatable.", valueName: "dir"))
    var roots: [String] = []
    @Option(help: "With --system, the user it runs as (default: the user who called sudo).") var user: String?

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        let (unit, systemctl) = (scope.unit, scope.systemctl)
        let plan = try plan(home)
        // Fails before anything is written if there is no systemd.
        try await systemctl.run("--version")
        try home.create()
        try createDirectory(String(unit.path.dropLast(ServiceUnit.name.count + 1)), mode: 0o755)
        try replaceFile(unit.path, with: Array(plan.text.utf8))
        chmod(unit.path, 0o644)
        try await systemctl.run("daemon-reload")
        try await handOver(home)
        try await systemctl.run("enable", "--now", ServiceUnit.name)
        Output.line("Installed \(unit.path.visible.tilded).")
        try await verify(home, systemctl)
        explain(unit)
    }

    private func plan(_ home: RunnerHome) throws -> ServicePlan {
        var plan = ServicePlan(program: ProgramFile.current.path, roots: try WorkspaceRoots(roots).advertised)
        let standard = try RunnerHome(environment: ["HOME": processEnvironment["HOME"] ?? ""])
        plan.home = isSamePath(standard.path, home.path) ? nil : home.path
        guard scope.system else { return plan }
        guard
            let name = user ?? processEnvironment["SUDO_USER"]
                ?? getpwuid(getuid()).map({ String(cString: $0.pointee.pw_name) })
        else { throw ServiceError(description: "no user is known to run it as; name one with --user") }
        plan.user = name
        return plan
    }

    /// Stops a runner that systemd did not start, so that systemd can start its own.
    private func handOver(_ home: RunnerHome) async throws {
        guard let running = RunnerPresence(home).runner else { return }
        if try await scope.systemctl.mainPID() == running.process.pid { return }
        let configuration = try Configuration.load(environment: processEnvironment)
        _ = try await RunnerStopper(home: home, controlTimeout: configuration.controlTimeout, replacing: true)
            .stop()
    }

    private func verify(_ home: RunnerHome, _ systemctl: Systemctl) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            if let pid = try await systemctl.mainPID(), let runner = RunnerPresence(home).runner,
                runner.process.pid == pid, runner.isServing(home)
            {
                return Output.line("The runner is running (process \(pid)).")
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        let scope = self.scope.unit.scope.joined(separator: " ")
        throw ServiceError(
            description:
                "the service was started, but no runner is seen running after 10 s; see: journalctl \(scope) -u "
                + ServiceUnit.name)
    }

    private func explain(_ unit: ServiceUnit) {
        if !unit.isSystem && !unit.lingers {
            Output.line("It starts at login. To start it at boot: loginctl enable-linger")
        }
        let stored = try? Settings.read(RunnerHome.fromEnvironment())
        for (variable, isStored) in [
            (Variable.token, stored?.token != nil), (.hubURL, stored?.hubURL != nil),
        ]
        where processEnvironment.stated(variable) != nil && !isStored {
            Output.complain(
                "\(variable.rawValue) is set only in this shell; the service does not see it",
                hint: "hapi auth login")
        }
    }
}

struct ServiceUninstallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "uninstall", abstract: "Stop the service and remove it. Sessions keep running.")

    @OptionGroup var scope: ServiceScope

    func run() async throws {
        let (unit, systemctl) = (scope.unit, scope.systemctl)
        guard unit.isInstalled else { return Output.line("No service is installed.") }
        try await systemctl.run("disable", "--now", ServiceUnit.name)
        guard unlink(unit.path) == 0 || errno == ENOENT else {
            throw ServiceError(description: "cannot remove \(unit.path): \(String(cString: strerror(errno)))")
        }
        try await systemctl.run("daemon-reload")
        // Tolerated: it fails if the unit has no failure to reset.
        try await systemctl.run("reset-failed", ServiceUnit.name, tolerating: true)
        Output.line("Removed \(unit.path.visible.tilded). Sessions keep running.")
    }
}

struct ServiceStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show whether the service is installed, enabled and running.",
        discussion: "Exits with 0 if it is active and with 1 if not.")

    @OptionGroup var scope: ServiceScope

    func run() async throws {
        let unit = scope.unit
        guard unit.isInstalled else {
            Output.line("Not installed. To install it: hapi service install")
            throw ExitCode(ExitStatus.failed)
        }
        let active = try await scope.systemctl.run("is-active", ServiceUnit.name, tolerating: true)
        Output.line("Service: \(unit.summary)")
        Output.line("State: \(active.isEmpty ? "unknown" : active)")
        Output.line("Unit: \(unit.path.visible.tilded)")
        if let pid = try await scope.systemctl.mainPID() { Output.line("Process: \(pid)") }
        if active != "active" { throw ExitCode(ExitStatus.failed) }
    }
}
