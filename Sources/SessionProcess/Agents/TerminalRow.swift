import HubProtocol

/// How to run an agent's own program in a terminal, follow it there, and resume it.
struct TerminalRow: Sendable {
    /// Whether these arguments begin a conversation; `mcp list` and `--version` do not.
    var converses: @Sendable ([String]) -> Bool
    /// The arguments for the first start.
    ///
    /// - Parameter hook: the file that the hook writes to.
    var begin: @Sendable (_ given: [String], _ hook: String) -> [String]
    /// The arguments for continuing a conversation that was elsewhere.
    var goOn: @Sendable (_ given: [String], AgentOpening, _ hook: String) -> [String]
    /// - Parameter since: in ISO 8601; anything older was reported before.
    var transcript: @Sendable (_ since: String) -> any AgentTranscript
}

/// The transcript that an agent's own program writes, as a pure state machine over its lines.
protocol AgentTranscript: Sendable {
    mutating func take(_ line: JSONValue) -> [AgentEvent]
}
