import HubProtocol

/// What follows from an event. Actions are performed in order.
package enum ConversationAction: Equatable, Sendable {
    case say(Utterance)
    /// Tells the hub that these messages are being worked on. Everything said before goes first.
    case consumed([String], clearsThinking: Bool, steered: Bool)
    /// The open requests have changed: publishes the whole agent state.
    case publishRequests
    /// Whether the agent works, or a setting, has changed: sends a keep-alive at once.
    case publishStatus
    case title(String, isAgents: Bool)
    case nativeID(String?)
    case offer(AgentOffer)
    case startAgent(AgentOpening)
    case command(AgentCommand)
    /// Kills the agent's process at once.
    case killAgent
    /// Closes the agent's input. If the process does not exit by itself, it is ended.
    case closeAgent
    /// Starts the agent's own program in the terminal.
    case enterTerminal(AgentOpening)
    /// Ends that program; ``ConversationEvent/leftTerminal`` follows.
    case leaveTerminal
    case reply(ReplyTicket, Reply)
    case record(ConversationFact)
    /// Ends the session: closes the agent's process, then tells the hub.
    case finish(reason: String)
}

package enum Reply: Equatable, Sendable {
    /// For ``ConversationEvent/cancelMessage(key:reply:)``.
    case removed, inFlight, consumed
    case steered
    case notSteered(String)
    case applied([AgentSetting])
    case failed(String)
}

/// Choices for the web app to offer.
package enum AgentOffer: Equatable, Sendable {
    case modes([AgentOption])
    case models([AgentOption])
    case efforts([AgentOption])
    case commands([SlashCommand])
    case skills([String])
}

/// What the store keeps of a conversation. Of a message it keeps no more than the first words.
package enum ConversationFact: Equatable, Sendable {
    /// - Parameter prompt: the first words of the prompt.
    case turnBegan(id: String, prompt: String, from: String)
    case turnEnded(id: String, outcome: String)
    case asked(card: String, tool: String, summary: String)
    case decided(card: String, status: String, by: String)
    case nativeID(String)
    case title(String)
    /// A message from the hub, by its key, is about to be given to the agent. Stored before it is given.
    case given(key: String)
    /// The agent ended before it began the message, which is queued again.
    case returned(key: String)
}
