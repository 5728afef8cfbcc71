import HubProtocol

/// A protocol that agents speak, one JSON document a line, as a pure state machine: lines and commands
/// in, lines and events out. `AgentConnection` runs it.
package protocol AgentDialect: Sendable {
    /// What is to be done as soon as the agent's process is there.
    mutating func open() -> [AgentStep]
    mutating func received(_ line: JSONValue) -> [AgentStep]
    mutating func command(_ command: AgentCommand) -> [AgentStep]
    /// The time of an ``AgentStep/alarm(_:after:)`` has come.
    mutating func alarmRang(_ name: String) -> [AgentStep]
}

package enum AgentStep: Equatable, Sendable {
    case send(JSONValue)
    case event(AgentEvent)
    /// Replaces the alarm of this name that is pending.
    case alarm(String, after: Duration)
    case cancelAlarm(String)
    /// The agent does not answer, or says what cannot be gone on with: its process is ended, and its
    /// last words are these.
    case giveUp(String)
}

/// What a conversation with an agent begins with.
package struct AgentOpening: Equatable, Sendable {
    package var directory: String
    /// Of the conversation to go on with.
    package var nativeID: String?
    /// Whether to go on with a copy of it.
    package var forks = false
    package var mode: String?
    package var model: String?
    package var effort: String?
    /// Further arguments that the user gave for the agent's own program.
    package var arguments: [String] = []

    package init(directory: String, nativeID: String? = nil) {
        self.directory = directory
        self.nativeID = nativeID
    }
}
