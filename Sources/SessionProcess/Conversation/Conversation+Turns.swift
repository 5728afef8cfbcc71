import HubProtocol

extension Conversation {
    /// Ends a turn, always in this order (session contract §4.5).
    mutating func ended(_ end: TurnEnd, _ now: Moment, _ actions: inout Actions) {
        abortDeadline = nil
        finishTurn(end, now, &actions)
        titleByPrompt(&actions)
        actions.add(.publishStatus)
        if !isInTerminal { advance(now, &actions) }
        if turn == nil, given == nil, queue.isEmpty, steering.isEmpty { actions.say(.ready) }
    }

    mutating func finishTurn(_ end: TurnEnd, _ now: Moment, _ actions: inout Actions) {
        finishPassage(&actions)
        let interrupted = end.outcome != .completed
        closeCards(interrupted ? "Interrupted" : "", isError: interrupted, &actions)
        for said in usage.flush() { actions.say(said) }
        cancelRequests("The turn ended", by: "agent", now, &actions)
        switch end.outcome {
        case .completed: break
        case .interrupted: actions.say(.notice(.message("Aborted by user")))
        case .failed(let reason):
            if let reason { actions.say(.notice(.error(reason))) }
        }
        actions.say(.turnEnded(end))
        if let turn { actions.add(.record(.turnEnded(id: turn.id, outcome: Self.word(end.outcome)))) }
        turn = nil
        for steered in steering {
            guard let reply = steered.reply else { continue }
            actions.add(.reply(reply, .notSteered("the turn ended first; the message is next")))
        }
        for index in steering.indices { steering[index].reply = nil }
    }

    private static func word(_ outcome: TurnEnd.Outcome) -> String {
        switch outcome {
        case .completed: "completed"
        case .interrupted: "interrupted"
        case .failed: "failed"
        }
    }

    // MARK: Abort

    /// How long the agent has to end its turn, in milliseconds. After that its process is killed, and a new
    /// one resumes the conversation.
    static let abortPatience: Int64 = 5000

    mutating func abort(_ now: Moment, _ actions: inout Actions) {
        guard turn != nil || given != nil, agent == .ready, abortDeadline == nil else { return }
        turn?.isAborting = true
        abortDeadline = now.uptime + Self.abortPatience
        actions.add(.command(.interrupt))
        cancelRequests("Aborted by user", by: "abort", now, &actions)
    }

    mutating func wake(_ now: Moment, _ actions: inout Actions) {
        for said in passage.wake(at: now.uptime) { actions.say(said) }
        if let due = usage.due, due <= now.uptime {
            for said in usage.wake(at: now.uptime) { actions.say(said) }
        }
        expireSettings(now, &actions)
        if let abortDeadline, abortDeadline <= now.uptime {
            self.abortDeadline = nil
            actions.say(.notice(.message("The agent did not stop in time; its process is ended")))
            actions.add(.killAgent)
        }
    }

    // MARK: The agent's end

    mutating func exited(_ exit: AgentExit, _ now: Moment, _ actions: inout Actions) {
        let wasReady = agent == .ready
        let isReturning = agent == .returning
        let aborting = turn?.isAborting == true || (abortDeadline != nil)
        agent = .absent
        abortDeadline = nil
        // Messages that the agent had not begun go back to the queue.
        let unbegun = [given].compactMap { $0?.message } + steering.map(\.given.message)
        if !isReturning, given != nil || !wasReady { failures += 1 }
        given = nil
        queue.insert(contentsOf: unbegun, at: 0)
        for message in unbegun where message.isSentAgain { actions.add(.record(.returned(key: message.key))) }
        failSettings("the agent ended", &actions)
        if isEnding { return finishTurnAtEnd(now, &actions) }
        if turn != nil {
            finishTurn(TurnEnd(aborting || isReturning ? .interrupted : .failed(nil)), now, &actions)
        } else {
            finishPassage(&actions)
            closeCards("The agent ended", isError: true, &actions)
            cancelRequests("The agent ended", by: "agent", now, &actions)
        }
        steering = []
        if isReturning { return enterTerminal(&actions) }
        if !aborting { actions.say(.notice(.error(Self.words(row.name, exit, willRetry: willRetry)))) }
        actions.add(.publishStatus)
        advance(now, &actions)
        if agent == .absent { actions.say(.ready) }
    }

    private var willRetry: Bool { !queue.isEmpty && failures < Self.failureLimit }

    private static func words(_ name: String, _ exit: AgentExit, willRetry: Bool) -> String {
        let what = exit.status.map { "\(name) ended \($0)" } ?? "\(name) could not be started"
        let last = exit.lastWords.isEmpty ? "" : ": \(exit.lastWords)"
        return what + last
            + (willRetry ? ". It is started again." : ". Your next message starts it again.")
    }

    // MARK: The session's end

    mutating func end(_ reason: String, _ now: Moment, _ actions: inout Actions) {
        guard !isEnding else { return }
        isEnding = true
        for steered in steering {
            if let reply = steered.reply { actions.add(.reply(reply, .notSteered(reason))) }
        }
        failSettings("the session ends", &actions)
        finishTurnAtEnd(now, &actions)
        cancelRequests(reason, by: "end", now, &actions)
        actions.add(.finish(reason: reason))
    }

    private mutating func finishTurnAtEnd(_ now: Moment, _ actions: inout Actions) {
        finishPassage(&actions)
        closeCards("The session ended", isError: true, &actions)
        cancelRequests("The session ended", by: "end", now, &actions)
        if let turn { actions.add(.record(.turnEnded(id: turn.id, outcome: "interrupted"))) }
        turn = nil
        given = nil
    }
}
