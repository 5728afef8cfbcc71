import HubClient
import HubProtocol
import Processes
import RunnerStore

/// An environment variable, or a flag, with a value that cannot be used.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let variable: String
    package let value: String
    package let needed: String

    package init(variable: String, value: String, needed: String) {
        self.variable = variable
        self.value = value
        self.needed = needed
    }

    package var description: String { "\(variable) is '\(value)': \(needed) is needed" }
}

/// What environment and settings say, in HAPI's precedence (hub contract §1.2).
package struct Configuration: Sendable {
    package static let defaultHubURL = "http://localhost:3006"

    /// Which parts of the identity somebody stated, in the environment or the settings: a default never
    /// moves a running runner.
    package struct Stated: Equatable, Sendable {
        package let hubURL: Bool
        package let token: Bool
        package let extraHeaders: Bool
    }

    package let home: RunnerHome
    /// nil: no token is configured, the runner works for this machine alone.
    package let hub: Hub?
    /// The hub's address even where no token makes it usable.
    package let hubURL: String
    package let extraHeaders: [String: String]
    package let states: Stated
    package let host: String
    package let heartbeatInterval: Duration
    package let controlTimeout: Duration
    package let reportTimeout: Duration
    package let supervised: Bool
    package let renewalDisabled: Bool
    package let directoryPolicy: DirectoryPolicy
    /// How long git may take to make or remove a worktree.
    package let worktreePatience: Duration
    /// The program for sessions, in place of this one.
    package let sessionProgram: String?
    package let environment: [String: String]

    package init(environment: [String: String], home: RunnerHome, settings: Settings)
        throws(ConfigurationError)
    {
        self.home = home
        self.environment = environment
        let variables = Variables(environment)
        hubURL = variables["HAPI_API_URL"] ?? settings.hubURL ?? Self.defaultHubURL
        let headers = try variables.headers("HAPI_EXTRA_HEADERS_JSON") ?? settings.extraHeaders
        extraHeaders = headers ?? [:]
        let token = variables["CLI_API_TOKEN"] ?? settings.token
        hub = token.map { [hubURL, extraHeaders] in
            Hub(
                url: hubURL, token: $0, extraHeaders: extraHeaders,
                extraTrustRoots: variables["NODE_EXTRA_CA_CERTS"])
        }
        states = Stated(
            hubURL: (variables["HAPI_API_URL"] ?? settings.hubURL) != nil, token: hub != nil,
            extraHeaders: headers != nil)
        host = variables["HAPI_HOSTNAME"] ?? hostName()
        heartbeatInterval = try variables.milliseconds("HAPI_RUNNER_HEARTBEAT_INTERVAL", default: 60_000)
        controlTimeout = try variables.milliseconds("HAPI_RUNNER_HTTP_TIMEOUT", default: 10_000)
        reportTimeout = try variables.milliseconds("HAPI_RUNNER_WEBHOOK_TIMEOUT_MS", default: 15_000)
        supervised = variables["HAPI_RUNNER_SUPERVISED"] == "1"
        renewalDisabled = variables["HAPI_DISABLE_VERSION_HANDOFF"] == "1"
        sessionProgram = variables["HAPI_CLI_EXECUTABLE"]
        let policy = settings.directoryCreation ?? DirectoryPolicy.allow.rawValue
        guard let directoryPolicy = DirectoryPolicy(rawValue: policy) else {
            throw ConfigurationError(
                variable: "directoryCreation in \(home.settings)", value: policy, needed: "allow, ask or deny"
            )
        }
        self.directoryPolicy = directoryPolicy
        worktreePatience = try Self.worktreePatience(settings, home)
        if let sessionProgram, !sessionProgram.hasPrefix("/") {
            throw ConfigurationError(
                variable: "HAPI_CLI_EXECUTABLE", value: sessionProgram, needed: "an absolute path")
        }
    }

    private static func worktreePatience(_ settings: Settings, _ home: RunnerHome) throws(ConfigurationError)
        -> Duration
    {
        guard let value = settings.worktreeMinutes else { return .seconds(600) }
        guard let minutes = value.integer, (1...1440).contains(minutes) else {
            throw ConfigurationError(
                variable: "worktreeTimeoutMinutes in \(home.settings)",
                value: (try? JSON.text(value)) ?? "", needed: "a number of minutes from 1 to 1440")
        }
        return .seconds(60 * minutes)
    }

    /// Reads the settings of the home that the environment names.
    package static func load(environment: [String: String]) throws -> Configuration {
        let home = try RunnerHome(environment: environment)
        return try Configuration(environment: environment, home: home, settings: try Settings.read(home))
    }
}

/// Environment variables; an empty one is an unset one.
private struct Variables {
    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    /// From 10 ms to a day: less would be a busy loop.
    func milliseconds(_ name: String, default standard: Int) throws(ConfigurationError) -> Duration {
        guard let text = self[name] else { return .milliseconds(standard) }
        guard let value = Int(text), (10...86_400_000).contains(value) else {
            throw ConfigurationError(
                variable: name, value: text, needed: "a number of milliseconds from 10 to 86400000")
        }
        return .milliseconds(value)
    }

    /// Even an empty variable stands above the settings here: HAPI's session processes read it so,
    /// and replace a runner whose headers are not theirs (hub contract §1.1, §9.1).
    func headers(_ name: String) throws(ConfigurationError) -> [String: String]? {
        guard let text = values[name] else { return nil }
        if text.isEmpty { return [:] }
        do {
            return try JSON.decode([String: String].self, from: text.utf8)
        } catch {
            // The value may hold a secret and is not shown.
            throw ConfigurationError(
                variable: name, value: "…", needed: "a JSON object with strings as values")
        }
    }
}
