import HubProtocol

/// What a person allowed for the rest of the session. It dies with the session's process.
struct AllowList: Equatable, Sendable {
    private var rules: Set<String> = []

    mutating func allow(_ rules: [String]) { self.rules.formUnion(rules) }

    /// A rule is a tool, a tool with its exact command in brackets, or with the beginning of one before
    /// `:*`.
    func allows(_ tool: String, _ input: JSONValue) -> Bool {
        if rules.contains(tool) { return true }
        guard let command = input["command"]?.string else { return false }
        return rules.contains { rule in
            guard rule.hasPrefix(tool + "("), rule.hasSuffix(")") else { return false }
            let words = rule.dropFirst(tool.count + 1).dropLast()
            return words.hasSuffix(":*") ? command.hasPrefix(words.dropLast(2)) : command == words
        }
    }

    /// The rule that allows just this again.
    static func rule(_ tool: String, _ input: JSONValue) -> String {
        input["command"]?.string.map { "\(tool)(\($0))" } ?? tool
    }
}
