import HubProtocol

/// What a person has allowed until the session's process ends.
struct AllowList: Equatable, Sendable {
    /// Compared by bytes, because `String` considers some different commands equal.
    private var rules: Set<[UInt8]> = []

    mutating func allow(_ rules: [String]) { self.rules.formUnion(rules.map { Array($0.utf8) }) }

    /// A rule is a tool name, optionally followed by a command in parentheses: the exact command, or a prefix
    /// followed by `:*`.
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

    /// The rule that allows exactly this call.
    static func rule(_ tool: String, _ input: JSONValue) -> String {
        input["command"]?.string.map { "\(tool)(\($0))" } ?? tool
    }
}
