import HubClient
import HubProtocol
import Logging
import Processes

/// A configured value, with its source for errors.
struct Stated {
    let text: String
    /// A variable, or a key and its file.
    let source: String
}

/// Reads the values of environment and settings; the environment has precedence (hub contract §1.2). An
/// invalid value is an error that names its source, and shows the value unless it is a secret.
struct Statements {
    private let environment: [String: String]
    private let settings: Settings
    private let settingsFile: String

    /// Throws if a key of the settings has the wrong type.
    init(_ environment: [String: String], _ settings: Settings, in home: RunnerHome)
        throws(ConfigurationError)
    {
        self.environment = environment
        self.settings = settings
        settingsFile = home.settings
        try settings.check(settingsFile)
    }

    /// nil if unset or empty.
    func text(_ variable: Variable, _ keys: Settings.Key...) throws(ConfigurationError) -> Stated? {
        try Self.text(variable, environment) ?? keys.lazy.compactMap(setting).first
    }

    private static func text(
        _ variable: Variable, _ environment: [String: String]
    ) throws(ConfigurationError) -> Stated? {
        guard let text = environment.stated(variable) else { return nil }
        guard !text.carriesBytes else {
            throw ConfigurationError(
                variable: variable.rawValue, problem: "contains bytes that are not UTF-8", needed: "text")
        }
        return Stated(text: text, source: variable.rawValue)
    }

    private func setting(_ key: Settings.Key) -> Stated? {
        settings.text(key).map { Stated(text: $0, source: "\(key.rawValue) in \(settingsFile)") }
    }

    func isOn(_ variable: Variable) -> Bool { environment[variable] == "1" }

    /// The hub's address, unmodified, because it is part of the runner's identity.
    func hubURL() throws(ConfigurationError) -> String? {
        guard let url = try text(.hubURL, .hubURL, .olderHubURL) else { return nil }
        guard let problem = RequestLimits.problem(with: url.text) else { return url.text }
        throw ConfigurationError(
            variable: url.source, problem: "is '\(RequestLimits.withoutSecrets(url.text))', but \(problem)",
            needed: "an address like https://hub.example.org")
    }

    func token() throws(ConfigurationError) -> String? {
        guard let stated = try text(.token, .token) else { return nil }
        return try Token.usable(stated.text, from: stated.source)
    }

    /// From 10 ms to a day. Shorter intervals would be a busy loop.
    func milliseconds(_ variable: Variable, default standard: Int) throws(ConfigurationError) -> Duration {
        try Self.milliseconds(variable, environment, default: standard)
    }

    static func milliseconds(
        _ variable: Variable, _ environment: [String: String], default standard: Int
    ) throws(ConfigurationError) -> Duration {
        guard let stated = try text(variable, environment) else { return .milliseconds(standard) }
        guard let value = Int(stated.text), (10...86_400_000).contains(value) else {
            throw ConfigurationError(
                variable: stated.source, value: stated.text,
                needed: "a number of milliseconds from 10 to 86400000")
        }
        return .milliseconds(value)
    }

    func logLevel() throws(ConfigurationError) -> Logger.Level {
        guard let stated = try text(.logLevel) else { return .info }
        guard let level = Logger.Level(rawValue: stated.text.lowercased()) else {
            let names = Logger.Level.allCases.map(\.rawValue)
            throw ConfigurationError(
                variable: stated.source, value: stated.text,
                needed: names.dropLast().joined(separator: ", ") + " or \(names.last ?? "")")
        }
        return level
    }

    func directoryPolicy() throws(ConfigurationError) -> DirectoryPolicy {
        guard let stated = setting(.directoryCreation) else { return .allow }
        guard let policy = DirectoryPolicy(rawValue: stated.text) else {
            throw ConfigurationError(
                variable: stated.source, value: stated.text, needed: "allow, ask or deny")
        }
        return policy
    }

    /// From a minute to a day.
    func worktreePatience() throws(ConfigurationError) -> Duration {
        guard let value = settings[.worktreeMinutes], value != .null else { return .seconds(600) }
        guard let minutes = value.integer, (1...1440).contains(minutes) else {
            throw ConfigurationError(
                variable: "\(Settings.Key.worktreeMinutes.rawValue) in \(settingsFile)",
                problem: "cannot be used", needed: "a number of minutes from 1 to 1440")
        }
        return .seconds(60 * minutes)
    }

    /// May contain any bytes, like any path.
    func absolutePath(_ variable: Variable) throws(ConfigurationError) -> String? {
        guard let path = environment.stated(variable) else { return nil }
        guard path.utf8.first == UInt8(ascii: "/") else {
            throw ConfigurationError(variable: variable.rawValue, value: path, needed: "an absolute path")
        }
        return path
    }

    /// nil if none are set.
    func extraHeaders() throws(ConfigurationError) -> ExtraHeaders? {
        // Even an empty variable overrides the settings: HAPI's session processes read it in this way, and
        // replace a runner with other headers (hub contract §1.1, §9.1).
        if let text = environment[Variable.extraHeaders] {
            return try ExtraHeaders(json: text, source: Variable.extraHeaders.rawValue)
        }
        guard let headers = settings.object(.extraHeaders) else { return nil }
        return try ExtraHeaders(
            headers,
            source: "\(Settings.Key.extraHeaders.rawValue) in \(settingsFile)")
    }
}
