import HubProtocol

extension Conversation {
    mutating func heard(_ event: AgentEvent, _ now: Moment, _ actions: inout Actions) {
        switch event {
        case .ready:
            agent = .ready
            for setting in settingsToTell { actions.add(.command(.set(setting))) }
            settingsToTell = []
            advance(now, &actions)
        case .identified(let id):
            // Reported once per process of the session, because its rows in the store and at the hub may be
            // new.
            guard id != toldNativeID else { return }
            toldNativeID = id
            nativeID = id
            forks = false
            actions.add(.nativeID(id))
            actions.add(.record(.nativeID(id)))
        case .resumeFailed(let reason):
            nativeID = nil
            forks = false
            let words = "The earlier conversation cannot be resumed: \(reason). A new one begins."
            actions.say(.notice(.message(words)))
        case .promptStarted(let id): began(id, now, &actions)
        case .turnBegan: beganByItself(now, &actions)
        case .typed(let text): typed(text, now, &actions)
        case .said(let passage):
            for said in self.passage.take(passage, at: now.uptime) { actions.say(said) }
        case .tool(let call): opened(call, &actions)
        case .toolEnded(let result): closed(result, now, &actions)
        case .plan(let entries):
            finishPassage(&actions)
            actions.say(.plan(entries))
        case .permissionRequested(let request): asked(request, now, &actions)
        case .permissionWithdrawn(let id): withdrawn(id, now, &actions)
        case .usage(let usage):
            for said in self.usage.take(usage, at: now.uptime) { actions.say(said) }
        case .settingChanged(let setting): changed(setting, &actions)
        case .settingRefused(let setting, let reason): refused(setting, reason, &actions)
        case .modesAvailable(let modes): actions.add(.offer(.modes(modes)))
        case .modelsAvailable(let models): actions.add(.offer(.models(models)))
        case .effortsAvailable(let efforts): actions.add(.offer(.efforts(efforts)))
        case .commandsAvailable(let commands): actions.add(.offer(.commands(commands)))
        case .skillsAvailable(let skills): actions.add(.offer(.skills(skills)))
        case .backgroundEnded(let id, let summary):
            finishPassage(&actions)
            actions.say(.backgroundEnded(id: id))
            actions.say(.notice(.message(summary)))
        case .titled(let title): titled(title, &actions)
        case .noticed(let notice):
            finishPassage(&actions)
            actions.say(.notice(notice))
        case .turnEnded(let end): ended(end, now, &actions)
        case .exited(let exit): exited(exit, now, &actions)
        }
    }

    mutating func finishPassage(_ actions: inout Actions) {
        for said in passage.flush() { actions.say(said) }
    }

    // MARK: Cards

    /// Opens a card, or updates it. An empty name or input never replaces a better one.
    mutating func opened(_ call: ToolCall, _ actions: inout Actions) {
        guard let index = cards.firstIndex(where: { $0.id == call.id }) else {
            finishPassage(&actions)
            makeRoomForCard(&actions)
            cards.append(call)
            return actions.say(.toolOpened(call))
        }
        let known = cards[index]
        var merged = call
        if ["", "tool", "unknown"].contains(call.name.lowercased()) { merged.name = known.name }
        if call.input == .null || call.input == .object([:]) { merged.input = known.input }
        merged.description = call.description ?? known.description
        merged.nativeTitle = call.nativeTitle ?? known.nativeTitle
        merged.nativeKind = call.nativeKind ?? known.nativeKind
        merged.parent = call.parent ?? known.parent
        guard merged != known else { return }
        finishPassage(&actions)
        cards[index] = merged
        actions.say(.toolOpened(merged))
    }

    /// A bound for agents that never close their cards; far more than are ever open at once.
    static let openCards = 1000

    private mutating func makeRoomForCard(_ actions: inout Actions) {
        guard cards.count >= Self.openCards,
            let index = cards.firstIndex(where: { requests[card: $0.id] == nil })
        else { return }
        let card = cards.remove(at: index)
        let words = "Not watched any more: too many tools are at work"
        actions.say(.toolClosed(ToolResult(id: card.id, output: .string(words)), decided: nil))
    }

    mutating func closed(_ result: ToolResult, _ now: Moment, _ actions: inout Actions) {
        guard let index = cards.firstIndex(where: { $0.id == result.id }) else { return }
        finishPassage(&actions)
        cards.remove(at: index)
        // A request that is still open was decided without us: by a rule, or because the agent went on.
        complete(
            result.id, .canceled, reason: "The agent went on without an answer", by: "agent", now, &actions)
        actions.say(.toolClosed(result, decided: requests.completed(card: result.id)))
    }

    /// Closes the cards that the agent left open.
    mutating func closeCards(_ output: String, isError: Bool, _ actions: inout Actions) {
        // Inner cards first: a subagent's cards are inside its own card.
        for card in cards.reversed() {
            let result = ToolResult(
                id: card.id, output: .string(output), isError: isError, parent: card.parent)
            actions.say(.toolClosed(result, decided: requests.completed(card: card.id)))
        }
        cards = []
    }

    // MARK: Title

    mutating func titled(_ title: String, _ actions: inout Actions) {
        let words = Self.firstWords(title)
        guard !words.isEmpty, words != "Untitled", !words.hasPrefix("New session") else { return }
        isTitled = true
        actions.add(.title(words, isAgents: true))
        actions.add(.record(.title(words)))
    }

    /// Uses the first prompt as the title if there is no better one.
    mutating func titleByPrompt(_ actions: inout Actions) {
        guard !isTitled, let firstPrompt else { return }
        let words = Self.firstWords(firstPrompt)
        guard !words.isEmpty, !words.hasPrefix("/") else { return }
        isTitled = true
        actions.add(.title(words, isAgents: false))
        actions.add(.record(.title(words)))
    }
}
