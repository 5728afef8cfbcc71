import HubProtocol

/// A protocol that agents speak, one JSON document per line, as a pure state machine: lines and commands go
/// in, lines and events come out. ``AgentConnection`` runs it.
package protocol AgentDialect: Sendable {
    /// Called as soon as the agent's process is running.
    mutating func open() -> [AgentStep]
    mutating func received(_ line: JSONValue) -> [AgentStep]
    mutating func command(_ command: AgentCommand) -> [AgentStep]
    /// Called when an ``AgentStep/alarm(_:after:)`` is due.
    mutating func alarmRang(_ name: String) -> [AgentStep]
}

package enum AgentStep: Equatable, Sendable {
    case send(JSONValue)
    case event(AgentEvent)
    /// Sets an alarm, and replaces a pending one with this name.
    case alarm(String, after: Duration)
    case cancelAlarm(String)
    /// The agent does not answer, or answers something that cannot be handled: kills its process and reports
    /// this reason.
    case giveUp(String)
}

/// How a conversation with an agent starts.
package struct AgentOpening: Equatable, Sendable {
    package var directory: String
    /// The agent's id of the conversation to resume.
    package var nativeID: String?
    /// Whether to continue with a copy of the conversation.
    package var forks = false
    package var mode: String?
    package var model: String?
    package var effort: String?
    /// The user's additional arguments for the agent's program.
    package var arguments: [String] = []

    package init(directory: String, nativeID: String? = nil) {
        self.directory = directory
        self.nativeID = nativeID
    }
}
