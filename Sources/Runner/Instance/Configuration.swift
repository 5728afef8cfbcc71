import HubProtocol

/// An environment variable, or a flag, with a value that cannot be used.
public struct ConfigurationError: Error, CustomStringConvertible {
    public let variable: String
    public let value: String
    public let needed: String

    public init(variable: String, value: String, needed: String) {
        self.variable = variable
        self.value = value
        self.needed = needed
    }

    public var description: String { "\(variable) is '\(value)': \(needed) is needed" }
}

/// What environment and settings say, in HAPI's precedence (hub contract §1.2).
public struct Configuration: Sendable {
    /// Where the hub is, and as whom to speak to it.
    public struct Hub: Sendable {
        /// As configured, unchanged: it is part of the runner's identity.
        public let url: String
        public let token: String

        /// What stands behind the token's last colon (hub contract §3.1); nil without one.
        public var namespace: String? {
            token.lastIndex(of: ":").map { String(token[token.index(after: $0)...]) }
        }
    }

    /// Which parts of the identity somebody stated, in the environment or the settings: a default never
    /// moves a running runner.
    public struct Stated: Equatable, Sendable {
        public let hubURL: Bool
        public let token: Bool
        public let extraHeaders: Bool
    }

    static let defaultHubURL = "http://localhost:3006"

    public let home: RunnerHome
    /// nil: no token is configured, the runner works for this machine alone.
    public let hub: Hub?
    /// The hub's address even where no token makes it usable.
    public let hubURL: String
    public let extraHeaders: [String: String]
    public let states: Stated
    public let host: String
    public let heartbeatInterval: Duration
    public let controlTimeout: Duration
    public let reportTimeout: Duration
    public let supervised: Bool
    public let renewalDisabled: Bool
    public let directoryPolicy: DirectoryPolicy
    /// The program for sessions, in place of this one.
    public let sessionProgram: String?
    /// A PEM file of certificates to trust besides the system's, as HAPI's own programs take it.
    public let extraTrustRoots: String?
    public let environment: [String: String]

    public init(environment: [String: String], home: RunnerHome, settings: Settings)
        throws(ConfigurationError)
    {
        self.home = home
        self.environment = environment
        let variables = Variables(environment)
        hubURL = variables["HAPI_API_URL"] ?? settings.hubURL ?? Self.defaultHubURL
        hub = (variables["CLI_API_TOKEN"] ?? settings.token).map { [hubURL] in Hub(url: hubURL, token: $0) }
        let headers = try variables.headers("HAPI_EXTRA_HEADERS_JSON") ?? settings.extraHeaders
        extraHeaders = headers ?? [:]
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
        extraTrustRoots = variables["NODE_EXTRA_CA_CERTS"]
        if let sessionProgram, !sessionProgram.hasPrefix("/") {
            throw ConfigurationError(
                variable: "HAPI_CLI_EXECUTABLE", value: sessionProgram, needed: "an absolute path")
        }
    }

    /// Reads the settings of the home that the environment names.
    public static func load(environment: [String: String]) throws -> Configuration {
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
