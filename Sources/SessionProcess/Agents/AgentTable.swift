import HubProtocol

/// Everything known about an agent before it runs, and known nowhere else. One row per agent.
package struct AgentRow: Sendable {
    package enum Family: Sendable {
        /// Messages in the format of Claude's transcript.
        case output
        case codex
    }

    /// The flavor at the hub, and the word after `hapi`.
    package var name: String
    /// The program to look for in `PATH`, unless the settings name another.
    package var program: String
    /// The arguments that make the program talk over its standard streams.
    package var arguments: @Sendable (AgentOpening) -> [String]
    package var dialect: @Sendable (AgentOpening) -> any AgentDialect
    /// The format of its messages at the hub.
    package var family: Family
    /// The key in the session's metadata for the native id.
    package var nativeIDKey: String
    /// The permission modes that the hub may ask for.
    package var modes: [String]
    /// Whether a message can join the running turn.
    package var steers = false
    /// Set in the agent's environment. An empty value removes the variable.
    package var environment: [String: String] = [:]
    /// How to follow and take over its own program in a terminal; nil if that is not possible.
    var terminal: TerminalRow?
    /// How long its process has to exit by itself once its input is closed.
    package var grace = Duration.seconds(2)
}

package enum AgentTable {
    /// nil for an agent that can only run in a terminal.
    ///
    /// - Parameter others: further agents that speak ACP, each with its command line. One with a known name
    ///   replaces that agent.
    package static func row(_ name: String, others: [String: [String]] = [:]) -> AgentRow? {
        others[name].flatMap { acp(name, command: $0) } ?? rows.first { $0.name == name }
    }

    package static let rows: [AgentRow] = [claude, codex] + acp
}
