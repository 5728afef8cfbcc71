import HubProtocol

/// Hands one conversation back and forth between the agent's own program in a terminal and people elsewhere.
extension Conversation {
    package var isInTerminal: Bool { agent == .inTerminal || agent == .leavingTerminal }

    mutating func enterTerminal(_ actions: inout Actions) {
        agent = .inTerminal
        actions.add(.enterTerminal(opening))
        tellWhoHasIt(&actions)
    }

    /// Text typed in the terminal. While a turn is running, it does not begin another one.
    mutating func typed(_ text: String, _ now: Moment, _ actions: inout Actions) {
        finishPassage(&actions)
        if turn == nil {
            beganByItself(now, &actions)
            if firstPrompt == nil { firstPrompt = text }
            if let turn {
                let words = Self.firstWords(text)
                actions.add(.record(.turnBegan(id: turn.id, prompt: words, from: "terminal")))
            }
        }
        actions.say(.person(text))
    }

    /// Someone elsewhere wrote, or asked for the conversation: the agent's own program leaves the terminal at
    /// once, even in the middle of a turn.
    mutating func takeOver(_ actions: inout Actions) {
        guard agent == .inTerminal, !isEnding else { return }
        agent = .leavingTerminal
        actions.add(.leaveTerminal)
    }

    mutating func leftTerminal(_ now: Moment, _ actions: inout Actions) {
        guard agent == .leavingTerminal, !isEnding else { return }
        if turn != nil { finishTurn(TurnEnd(.interrupted), now, &actions) }
        start(&actions)
        tellWhoHasIt(&actions)
    }

    /// Queued messages stay queued until the next message arrives.
    mutating func takeBack(_ actions: inout Actions) {
        guard hasTerminal, !isEnding else { return }
        switch agent {
        case .absent: enterTerminal(&actions)
        case .starting, .ready:
            agent = .returning
            actions.add(.closeAgent)
        case .inTerminal, .leavingTerminal, .returning: return
        }
    }

    private func tellWhoHasIt(_ actions: inout Actions) {
        actions.add(.publishStatus)
        actions.add(.publishRequests)
    }
}
