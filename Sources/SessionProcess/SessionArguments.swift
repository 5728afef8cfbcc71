import Home
import HubClient
import Processes

/// The arguments of `hapi [AGENT] [ARGS]`: parses our own flags; the others are for the agent.
package struct SessionArguments: Equatable, Sendable {
    package enum StartingMode: String, Sendable { case local, remote }

    package var agent = Agent.claude
    package var startingMode: StartingMode?
    package var startedByRunner = false
    package var existingSessionID: String?
    package var model: String?
    package var effort: String?
    package var modelReasoningEffort: String?
    /// In the hub's spelling.
    package var permissionMode: String?
    /// The agent's own id of the conversation to resume.
    package var resumedID: String?
    package var forks = false
    /// The arguments after a bare `--`.
    package var lastArguments: [String] = []
    /// The arguments for the agent's own program.
    package var agentArguments: [String] = []

    /// Parses our own flags. All others are passed to the agent unchanged.
    package init(_ arguments: [String]) throws(ConfigurationError) {
        var rest = arguments[...]
        if let agent = rest.first.flatMap(Agent.init) {
            self.agent = agent
            rest.removeFirst()
        } else if rest.first == "gemini" {
            throw ConfigurationError(
                variable: "the agent", value: "gemini", needed: "one that is still offered")
        }
        while let word = rest.popFirst() {
            // Everything after a bare `--` is for the agent only.
            if word == "--" {
                agentArguments += [word] + rest
                lastArguments = Array(rest)
                break
            }
            note(word, rest)
            try take(word, &rest)
        }
    }

    /// Notes flags that a session without a terminal passes to the agent in a different way.
    private mutating func note(_ word: String, _ rest: ArraySlice<String>) {
        switch word {
        case "--permission-mode": permissionMode = rest.first
        case "--yolo", "--dangerously-skip-permissions":
            permissionMode = agent == .claude ? "bypassPermissions" : "yolo"
        case "--resume", "--session-id": resumedID = rest.first
        case "resume" where agent == .codex: resumedID = rest.first
        case "--fork-session": forks = true
        default: break
        }
    }

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) throws(ConfigurationError) {
        switch word {
        case "--hapi-starting-mode":
            let value = try Self.value(of: word, &rest)
            guard let mode = StartingMode(rawValue: value) else {
                throw ConfigurationError(variable: word, value: value, needed: "local or remote")
            }
            startingMode = mode
        case "--started-by":
            let value = try Self.value(of: word, &rest)
            guard ["runner", "terminal"].contains(value) else {
                throw ConfigurationError(variable: word, value: value, needed: "runner or terminal")
            }
            startedByRunner = value == "runner"
        case "--existing-session-id", "--hapi-session-id":
            let value = try Self.value(of: word, &rest)
            guard !value.isEmpty, value.allSatisfy({ $0.isHexDigit || $0 == "-" }) else {
                throw ConfigurationError(variable: word, value: value, needed: "a session id")
            }
            existingSessionID = value
        case "--model":
            model = try Self.value(of: word, &rest)
            agentArguments += [word, model ?? ""]
        case "--effort":
            effort = try Self.value(of: word, &rest)
            agentArguments += [word, effort ?? ""]
        default:
            try translate(word, &rest)
        }
    }

    /// Translates HAPI's flags into those of the agents' programs.
    private mutating func translate(_ word: String, _ rest: inout ArraySlice<String>)
        throws(ConfigurationError)
    {
        switch (agent, word) {
        case (.claude, "--yolo"):
            agentArguments.append("--dangerously-skip-permissions")
        case (.codex, "--yolo"):
            agentArguments.append("--dangerously-bypass-approvals-and-sandbox")
        case (.codex, "--model-reasoning-effort"):
            let value = try Self.value(of: word, &rest)
            modelReasoningEffort = value
            agentArguments += ["-c", "model_reasoning_effort=\(value)"]
        case (.codex, "--service-tier"):
            agentArguments += ["-c", "service_tier=\(try Self.value(of: word, &rest))"]
        case (.codex, "--collaboration-mode"):
            // Codex's program has no such flag: the value is dropped.
            _ = try Self.value(of: word, &rest)
        case (.codex, "--permission-mode"):
            agentArguments += Self.codexPermissions[try Self.value(of: word, &rest)] ?? []
        default:
            agentArguments.append(word)
        }
    }

    private static let codexPermissions = [
        "read-only": ["--sandbox", "read-only"],
        "safe-yolo": ["--full-auto"],
        "yolo": ["--dangerously-bypass-approvals-and-sandbox"],
    ]

    private static func value(of flag: String, _ rest: inout ArraySlice<String>) throws(ConfigurationError)
        -> String
    {
        guard let value = rest.popFirst() else {
            throw ConfigurationError(variable: flag, value: "", needed: "a value")
        }
        return value
    }
}
