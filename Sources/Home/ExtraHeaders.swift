import HubClient
import HubProtocol

/// Additional headers for every request to the hub.
struct ExtraHeaders {
    /// Unmodified: their hash is part of the runner's identity.
    let stated: [String: String]
    /// Without surrounding white space, which headers cannot keep.
    var sent: [String: String] { stated.mapValues(\.trimmingWhitespace) }
    /// What was ignored, for the user.
    let warnings: [String]

    static let none = ExtraHeaders(stated: [:], warnings: [])

    private init(stated: [String: String], warnings: [String]) {
        self.stated = stated
        self.warnings = warnings
    }

    init(json text: String, source: String) throws(ConfigurationError) {
        // The decoder's error is not shown, because it may contain part of a secret.
        let members = text.isEmpty ? [:] : try? JSONValue(parsing: Array(text.utf8)).object
        guard let members else {
            throw ConfigurationError(
                variable: source, problem: "cannot be read", needed: "a JSON object with strings as values")
        }
        try self.init(members, source: source)
    }

    /// Ignores values that are not strings, as HAPI does. Throws for names and values that are not valid in
    /// HTTP. Errors never contain a value.
    init(_ members: [String: JSONValue], source: String) throws(ConfigurationError) {
        stated = members.compactMapValues(\.string)
        warnings = members.keys.filter { members[$0]?.string == nil }.sorted().map {
            "\(source): the value of \($0) is left out, because it is not a string"
        }
        for (name, value) in stated.sorted(by: { $0.key < $1.key }) {
            guard RequestLimits.isHeaderName(name) else {
                throw ConfigurationError(
                    variable: source, problem: "names a header '\(name)'",
                    needed: "a name of letters, digits and hyphens")
            }
            guard RequestLimits.isHeaderValue(value.trimmingWhitespace) else {
                throw ConfigurationError(
                    variable: source, problem: "contains a control character in the value of \(name)",
                    needed: "a value that an HTTP header can carry")
            }
        }
    }
}
