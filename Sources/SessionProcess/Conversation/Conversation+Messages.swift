import HubProtocol

extension Conversation {
    mutating func receive(_ message: PersonMessage, _ now: Moment, _ actions: inout Actions) {
        guard !isEnding else { return }
        if givenBefore.remove(message.key) != nil { return pass(over: message, &actions) }
        // A person who writes again wants another attempt.
        if failures >= Self.failureLimit { failures = Self.failureLimit - 1 }
        if message.steers, row.steers, let turn, !turn.isAborting, agent == .ready {
            return give(message, steering: nil, &actions)
        }
        queue.append(message)
        if isInTerminal { return takeOver(&actions) }
        advance(now, &actions)
    }

    /// The session's earlier process was killed right after giving this message to the agent. Whether the
    /// agent carried it out is unknown, so the person is told.
    private func pass(over message: PersonMessage, _ actions: inout Actions) {
        acknowledge([message], clearsThinking: true, steered: false, &actions)
        let words =
            "The session's process was killed when it had just given this message to \(row.name). It is not "
            + "given twice: if nothing came of it, send it again."
        actions.say(.notice(.message(words)))
    }

    /// Gives the agent the next queued message if it is free; starts the agent if it is not running.
    mutating func advance(_ now: Moment, _ actions: inout Actions) {
        guard !isEnding, turn == nil, given == nil, let next = queue.first else { return }
        if takesHere(next, now, &actions) { return advance(now, &actions) }
        switch agent {
        case .starting, .inTerminal, .leavingTerminal, .returning: return
        case .absent:
            if failures < Self.failureLimit { start(&actions) }
        case .ready:
            let prompt = prompt(of: queue.removeFirst())
            given = Given(id: prompt.id, message: next)
            actions.add(.publishStatus)
            recordGiving(next, &actions)
            actions.add(.command(.prompt(prompt)))
        }
    }

    /// After this many failures in a row, the agent is started again only for a person's next message.
    static let failureLimit = 3

    mutating func start(_ actions: inout Actions) {
        agent = .starting
        settingsToTell = []
        actions.add(.startAgent(opening))
    }

    /// How to start the agent so that it continues this conversation.
    var opening: AgentOpening {
        var opening = AgentOpening(directory: directory, nativeID: nativeID)
        opening.forks = forks && nativeID != nil
        opening.mode = mode
        opening.model = model
        opening.effort = effort
        opening.arguments = arguments
        return opening
    }

    /// Handles a message that is for this process and not for the agent. Returns true if nothing is left for
    /// the agent.
    private mutating func takesHere(
        _ message: PersonMessage, _ now: Moment, _ actions: inout Actions
    ) -> Bool {
        guard row.family == .output, let word = PlanWord(message.text) else { return false }
        // An agent that is not ready yet gets the mode when it starts.
        set([.mode(word.mode)], reply: nil, now, &actions)
        if let rest = word.prompt {
            queue[0].text = rest
            return false
        }
        queue.removeFirst()
        acknowledge([message], clearsThinking: true, steered: false, &actions)
        actions.say(.notice(.message(word.mode == "plan" ? "Plan mode is on" : "Plan mode is off")))
        return true
    }

    private func prompt(of message: PersonMessage) -> Prompt {
        Prompt(id: promptID(message.key), text: message.text, attachments: message.attachments)
    }

    /// Agents get a UUID: the key itself if it is one, otherwise one derived from it.
    private func promptID(_ key: String) -> String { isUUID(key) ? key : uuid(from: key) }

    private func recordGiving(_ message: PersonMessage, _ actions: inout Actions) {
        if message.isSentAgain { actions.add(.record(.given(key: message.key))) }
    }

    // MARK: Steering and taking back

    private mutating func give(
        _ message: PersonMessage, steering reply: ReplyTicket?, _ actions: inout Actions
    ) {
        let prompt = prompt(of: message)
        steering.append(Steered(given: Given(id: prompt.id, message: message), reply: reply))
        recordGiving(message, &actions)
        actions.add(.command(.steer(prompt)))
    }

    mutating func steer(_ key: String, _ reply: ReplyTicket, _ now: Moment, _ actions: inout Actions) {
        guard row.steers else {
            return actions.add(.reply(reply, .notSteered("this agent cannot take a message while it works")))
        }
        guard let index = queue.firstIndex(where: { $0.key == key }) else {
            return actions.add(.reply(reply, .notSteered("the message is not queued any more")))
        }
        guard let turn, !turn.isAborting, agent == .ready else {
            return actions.add(.reply(reply, .notSteered("the agent is not working")))
        }
        give(queue.remove(at: index), steering: reply, &actions)
    }

    mutating func cancel(_ key: String, _ reply: ReplyTicket, _ actions: inout Actions) {
        if let index = queue.firstIndex(where: { $0.key == key }) {
            queue.remove(at: index)
            actions.add(.reply(reply, .removed))
        } else if given?.message.key == key || steering.contains(where: { $0.given.message.key == key }) {
            actions.add(.reply(reply, .inFlight))
        } else {
            actions.add(.reply(reply, .consumed))
        }
    }

    // MARK: Beginning a turn

    /// The agent has begun a prompt. Text from before it is flushed first.
    mutating func began(_ id: String, _ now: Moment, _ actions: inout Actions) {
        if let given, given.id == id {
            finishPassage(&actions)
            self.given = nil
            failures = 0
            beginTurn(given, now, &actions)
            acknowledge([given.message], clearsThinking: false, steered: false, &actions)
        } else if let index = steering.firstIndex(where: { $0.given.id == id }) {
            finishPassage(&actions)
            let steered = steering.remove(at: index)
            let joins = turn != nil
            if !joins { beginTurn(steered.given, now, &actions) }
            acknowledge([steered.given.message], clearsThinking: false, steered: joins, &actions)
            if let reply = steered.reply { actions.add(.reply(reply, .steered)) }
        }
    }

    mutating func beganByItself(_ now: Moment, _ actions: inout Actions) {
        guard turn == nil else { return }
        turn = Turn(id: uuid(from: "\(directory) \(now.wall)"))
        actions.add(.publishStatus)
    }

    private mutating func beginTurn(_ given: Given, _ now: Moment, _ actions: inout Actions) {
        turn = Turn(id: given.id)
        if firstPrompt == nil { firstPrompt = given.message.text }
        actions.add(
            .record(
                .turnBegan(
                    id: given.id, prompt: Self.firstWords(given.message.text),
                    from: given.message.origin == .hub ? "hub" : "attached")))
        actions.add(.publishStatus)
    }

    private func acknowledge(
        _ messages: [PersonMessage], clearsThinking: Bool, steered: Bool, _ actions: inout Actions
    ) {
        for message in messages where message.origin == .here { actions.say(.person(message.text)) }
        let keys = messages.filter(\.isSentAgain).map(\.key)
        if !keys.isEmpty {
            actions.add(.consumed(keys, clearsThinking: clearsThinking, steered: steered))
        }
    }

    /// At most 80 characters, with each run of white space replaced by one space.
    static func firstWords(_ text: String) -> String {
        // A prompt may be megabytes long.
        let words = text.prefix(1000).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count <= 80 ? words : words.prefix(79) + "…"
    }
}

/// `/plan`, `/plan off`, `/plan PROMPT`.
struct PlanWord: Equatable {
    var mode: String
    var prompt: String?

    init?(_ text: String) {
        let words = text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        guard words.first == "/plan" else { return nil }
        let rest = words.count > 1 ? String(words[1]) : nil
        mode = rest == "off" ? "default" : "plan"
        prompt = rest == "off" ? nil : rest
    }
}
