import HubProtocol

/// What a person allowed for the rest of the session. It dies with the session's process.
struct AllowList: Equatable, Sendable {
    /// By their bytes: a command with another `é` is another command.
    private var rules: Set<[UInt8]> = []

    mutating func allow(_ rules: [String]) { self.rules.formUnion(rules.map { Array($0.utf8) }) }

    /// A rule is a tool, a tool with its exact command in brackets, or with the beginning of one before
    /// `:*`.
    func allows(_ tool: String, _ input: JSONValue) -> Bool {
        if rules.contains(Array(tool.utf8)) { return true }
        guard let command = input["command"]?.string?.utf8 else { return false }
        let opening = Array("\(tool)(".utf8)
        return rules.contains { rule in
            guard rule.starts(with: opening), rule.last == UInt8(ascii: ")") else { return false }
            let words = rule.dropFirst(opening.count).dropLast()
            return words.suffix(2).elementsEqual(":*".utf8)
                ? command.starts(with: words.dropLast(2)) : command.elementsEqual(words)
        }
    }

    /// The rule that allows just this again.
    static func rule(_ tool: String, _ input: JSONValue) -> String {
        input["command"]?.string.map { "\(tool)(\($0))" } ?? tool
    }
}
