import HubProtocol

/// All there is to know of an agent before it runs: one row each, and nothing about it elsewhere.
package struct AgentRow: Sendable {
    package enum Family: Sendable {
        /// Messages in the shape of Claude's transcript.
        case output
        case codex
    }

    /// The flavor the hub knows it by, and the word after `hapi`.
    package var name: String
    /// The program, looked for in `PATH`, unless the settings name another.
    package var program: String
    /// The arguments with which the program converses over its standard streams.
    package var arguments: @Sendable (AgentOpening) -> [String]
    package var dialect: @Sendable (AgentOpening) -> any AgentDialect
    /// How its words are put to the hub.
    package var family: Family
    /// The key of its conversation's id in the session's metadata.
    package var nativeIDKey: String
    /// The permission modes that the hub may ask for.
    package var modes: [String]
    /// Whether a message can join the running turn.
    package var steers = false
    /// Set in the agent's environment; an empty value takes the variable away.
    package var environment: [String: String] = [:]
    /// How its own program is heard in a terminal, and taken over from there; nil where it cannot be.
    var terminal: TerminalRow?
    /// How long its process has for ending by itself once its input is closed.
    package var grace = Duration.seconds(2)
}

package enum AgentTable {
    /// nil for an agent that can only be run in a terminal.
    /// - Parameter others: further agents that speak ACP, each with its command line; one of a known name
    ///   takes its place.
    package static func row(_ name: String, others: [String: [String]] = [:]) -> AgentRow? {
        others[name].flatMap { acp(name, command: $0) } ?? rows.first { $0.name == name }
    }

    package static let rows: [AgentRow] = [claude, codex] + acp
}
