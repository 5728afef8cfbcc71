import HubClient
import HubProtocol
import Logging
import Processes
import RunnerStore

/// The configuration from environment and settings, with HAPI's precedence (hub contract §1.2).
package struct Configuration: Sendable {
    package static let defaultHubURL = "http://localhost:3006"

    /// Which parts of the identity were set explicitly, in the environment or the settings: a default never
    /// replaces a running runner.
    package struct Parts: Equatable, Sendable {
        package let hubURL: Bool
        package let token: Bool
        package let extraHeaders: Bool
    }

    package let home: RunnerHome
    /// nil without a token; the runner then works for this machine only.
    package let hub: Hub?
    /// The hub's address, even without a token.
    package let hubURL: String
    /// Unmodified, for the runner's identity.
    package let extraHeaders: [String: String]
    package let states: Parts
    /// Warnings for the user about values that are ignored.
    package let warnings: [String]
    package let host: String
    package let heartbeatInterval: Duration
    package let controlTimeout: Duration
    package let reportTimeout: Duration
    package let logLevel: Logger.Level
    package let supervised: Bool
    package let renewalDisabled: Bool
    package let directoryPolicy: DirectoryPolicy
    package let resumesAfterReboot: Bool
    /// How long git may take to create or remove a worktree.
    package let worktreePatience: Duration
    /// The program to start for sessions instead of this one.
    package let sessionProgram: String?
    package let environment: [String: String]

    package init(environment: [String: String], home: RunnerHome, settings: Settings)
        throws(ConfigurationError)
    {
        self.home = home
        self.environment = environment
        let stated = try Statements(environment, settings, in: home)
        let statedURL = try stated.hubURL()
        let hubURL = statedURL ?? Self.defaultHubURL
        self.hubURL = hubURL
        let statedHeaders = try stated.extraHeaders()
        let headers = statedHeaders ?? ExtraHeaders.none
        extraHeaders = headers.stated
        warnings = headers.warnings + settings.unusedOfAgents
        hub = try stated.token().map { token in
            Hub(
                url: hubURL, token: token, extraHeaders: headers.sent,
                extraTrustRoots: environment.stated(.trustRoots), environment: environment)
        }
        states = Parts(hubURL: statedURL != nil, token: hub != nil, extraHeaders: statedHeaders != nil)
        host = try stated.text(.hostName)?.text ?? hostName()
        heartbeatInterval = try stated.milliseconds(.heartbeatInterval, default: 60_000)
        controlTimeout = try stated.milliseconds(.controlTimeout, default: 10_000)
        reportTimeout = try stated.milliseconds(.reportTimeout, default: 15_000)
        logLevel = try stated.logLevel()
        supervised = stated.isOn(.supervised)
        renewalDisabled = stated.isOn(.renewalDisabled)
        sessionProgram = try stated.absolutePath(.sessionProgram)
        directoryPolicy = try stated.directoryPolicy()
        resumesAfterReboot = settings.resumesAfterReboot
        worktreePatience = try stated.worktreePatience()
    }

    /// How long a command waits for the runner. Doesn't need the settings.
    package static func controlTimeout(environment: [String: String]) throws(ConfigurationError) -> Duration {
        try Statements.milliseconds(.controlTimeout, environment, default: 10_000)
    }

    /// Reads the settings of the home given by the environment.
    package static func load(environment: [String: String]) throws -> Configuration {
        let home = try RunnerHome(environment: environment)
        return try Configuration(environment: environment, home: home, settings: try Settings.read(home))
    }
}
