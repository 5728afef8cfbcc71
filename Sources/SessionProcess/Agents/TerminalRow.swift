import HubProtocol

/// How an agent's own program is run in a terminal, heard there, and resumed.
struct TerminalRow: Sendable {
    /// Whether these arguments begin a conversation: not so `mcp list`, or `--version`.
    var converses: @Sendable ([String]) -> Bool
    /// The arguments for the first start.
    /// - Parameter hook: the file that the hook is to write to.
    var begin: @Sendable (_ given: [String], _ hook: String) -> [String]
    /// The arguments for going on with a conversation that was elsewhere.
    var goOn: @Sendable (_ given: [String], AgentOpening, _ hook: String) -> [String]
    /// - Parameter since: in ISO 8601; what is older was said before.
    var transcript: @Sendable (_ since: String) -> any AgentTranscript
}

/// What an agent's own program writes down while it talks, as a pure state machine over its lines.
protocol AgentTranscript: Sendable {
    mutating func take(_ line: JSONValue) -> [AgentEvent]
}
