import HubProtocol

/// Something said in a session, before it is formatted for the hub or an attached shell.
package enum Utterance: Equatable, Sendable {
    /// The whole text so far. If it is not final, it will grow.
    case passage(Passage, isFinal: Bool)
    case toolOpened(ToolCall)
    case toolClosed(ToolResult, decided: CompletedRequest?)
    case plan([PlanEntry])
    case usage(TokenUsage)
    case turnEnded(TurnEnd)
    case notice(AgentNotice)
    /// A background command has ended. The web app counts the running ones.
    case backgroundEnded(id: String)
    case modeChanged(String)
    /// The turn is over and nothing is queued.
    case ready
    /// A person typed this somewhere other than at the hub.
    case person(String)
}
