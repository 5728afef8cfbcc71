import HubProtocol

/// The keys of `settings.json` that this program reads. They are spelled only here, and explained in
/// `docs/settings-and-environment.md`.
extension Settings {
    package enum Key: String, CaseIterable, Sendable {
        case token = "cliApiToken"
        case hubURL = "apiUrl"
        /// The older name of ``hubURL``.
        case olderHubURL = "serverUrl"
        case machineID = "machineId"
        case extraHeaders
        case startsRunner = "runnerAutoStartWhenRunningHappy"
        case directoryCreation
        case agentPrograms
        case acpAgents
        case resumesAfterReboot = "resumeAfterReboot"
        case onSessionEnd
        case worktreeMinutes = "worktreeTimeoutMinutes"

        fileprivate enum Kind {
            case text, flag, object, number, words
        }

        fileprivate var kind: Kind {
            switch self {
            case .token, .hubURL, .olderHubURL, .machineID, .directoryCreation: .text
            case .startsRunner, .resumesAfterReboot: .flag
            case .extraHeaders, .agentPrograms, .acpAgents: .object
            case .onSessionEnd: .words
            case .worktreeMinutes: .number
            }
        }
    }

    /// Throws if a key has the wrong type or names no usable program; null counts as missing. Errors don't
    /// show values, which may be secrets in the wrong place.
    func check(_ file: String) throws(ConfigurationError) {
        for key in Key.allCases {
            guard let value = self[key], value != .null, !key.kind.holds(value) else { continue }
            throw ConfigurationError(
                variable: "\(key.rawValue) in \(file)", problem: "is \(value.kindInWords)",
                needed: key.kind.words)
        }
        for (agent, program) in object(.agentPrograms) ?? [:] where !Self.isProgramName(program.string) {
            throw ConfigurationError(
                variable: "\(Key.agentPrograms.rawValue).\(agent) in \(file)",
                problem: "is \(program.string.map { "'\($0)'" } ?? program.kindInWords)",
                needed: "an absolute path, one that begins with ~/, or the name of a program in PATH")
        }
    }

    /// A relative path is rejected: it would depend on the session's directory, where anybody's program may
    /// be.
    private static func isProgramName(_ name: String?) -> Bool {
        guard let name, !name.isEmpty else { return false }
        return name.hasPrefix("/") || name.hasPrefix("~/") || !name.contains("/")
    }

    /// nil if missing or empty.
    func text(_ key: Key) -> String? { self[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    func object(_ key: Key) -> [String: JSONValue]? { self[key]?.object }
}

extension Settings.Key.Kind {
    fileprivate func holds(_ value: JSONValue) -> Bool {
        switch self {
        case .text: value.string != nil
        case .flag: value.bool != nil
        case .object: value.object != nil
        case .number: value.integer != nil
        case .words: value.array?.allSatisfy { $0.string != nil } == true
        }
    }

    fileprivate var words: String {
        switch self {
        case .text: "a string"
        case .flag: "true or false"
        case .object: "an object"
        case .number: "a whole number"
        case .words: "an array of strings"
        }
    }
}

extension JSONValue {
    fileprivate var kindInWords: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .number, .decimal: "a number"
        case .string: "a string"
        case .array: "a list"
        case .object: "an object"
        }
    }
}
