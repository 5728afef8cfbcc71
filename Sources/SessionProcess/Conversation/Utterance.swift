import HubProtocol

/// What is said in a session, for the hub and for whoever is attached, before it is put into the words
/// of either.
package enum Utterance: Equatable, Sendable {
    /// The whole text so far; one that is not final grows.
    case passage(Passage, isFinal: Bool)
    case toolOpened(ToolCall)
    case toolClosed(ToolResult, decided: CompletedRequest?)
    case plan([PlanEntry])
    case usage(TokenUsage)
    case turnEnded(TurnEnd)
    case notice(AgentNotice)
    /// The web app counts what runs in the background.
    case backgroundEnded(id: String)
    case modeChanged(String)
    /// The turn is over and nothing is queued.
    case ready
    /// Typed by a person elsewhere than at the hub.
    case person(String)
}
