import HubProtocol

/// What is to be done, in this order.
package enum ConversationAction: Equatable, Sendable {
    case say(Utterance)
    /// Tells the hub that these messages are being worked on. Everything said before goes first.
    case consumed([String], clearsThinking: Bool, steered: Bool)
    /// The requests are others now: the whole agent state is published.
    case publishRequests
    /// Whether it works, or a setting, is other now: a keep-alive at once.
    case publishStatus
    case title(String, isAgents: Bool)
    case nativeID(String?)
    case offer(AgentOffer)
    case startAgent(AgentOpening)
    case command(AgentCommand)
    /// Ends the agent's process without waiting for it to finish.
    case killAgent
    /// Closes the agent's input; it is ended if it does not end by itself.
    case closeAgent
    /// Starts the agent's own program in the terminal.
    case enterTerminal(AgentOpening)
    /// Ends it; ``ConversationEvent/leftTerminal`` follows.
    case leaveTerminal
    case reply(ReplyTicket, Reply)
    case record(ConversationFact)
    /// Ends the session: the agent's process is to be closed, then the hub told.
    case finish(reason: String)
}

package enum Reply: Equatable, Sendable {
    /// For a message taken back.
    case removed, inFlight, consumed
    case steered
    case notSteered(String)
    case applied([AgentSetting])
    case failed(String)
}

/// What the web app offers to choose from.
package enum AgentOffer: Equatable, Sendable {
    case modes([AgentOption])
    case models([AgentOption])
    case efforts([AgentOption])
    case commands([SlashCommand])
    case skills([String])
}

/// What the store keeps of a conversation: no message, but that there was one.
package enum ConversationFact: Equatable, Sendable {
    /// - Parameter prompt: its first words.
    case turnBegan(id: String, prompt: String, from: String)
    case turnEnded(id: String, outcome: String)
    case asked(card: String, tool: String, summary: String)
    case decided(card: String, status: String, by: String)
    case nativeID(String)
    case title(String)
    /// A message of the hub's, by its key, is about to be given to the agent. On record before it is.
    case given(key: String)
    /// The agent ended before it began with the message, which waits again.
    case returned(key: String)
}
