import HubProtocol

extension ACPDialect {
    /// The agent has answered the prompt. The turn ends after a moment of silence.
    mutating func answered(_ result: JSONValue) -> [AgentStep] {
        if let used = result["usage"] {
            usage.input = used["inputTokens"]?.integer ?? 0
            usage.output = used["outputTokens"]?.integer ?? 0
            usage.cachedInput = used["cachedReadTokens"]?.integer ?? usage.cachedInput
        }
        var steps: [AgentStep] = []
        let reason = result["stopReason"]?.string
        if let words = Self.words(for: reason) { steps.append(.event(.noticed(.message(words)))) }
        let outcome: TurnEnd.Outcome = reason == "cancelled" ? .interrupted : .completed
        return steps + settle(TurnEnd(outcome))
    }

    private static func words(for stopReason: String?) -> String? {
        switch stopReason {
        case "max_tokens": "The agent stopped: its answer reached the longest it may have"
        case "max_turn_requests":
            "The agent stopped: it reached the number of requests it may make in one turn"
        case "refusal": "The agent refuses to go on with this"
        default: nil
        }
    }

    mutating func promptFailed(_ failure: JSONRPC.Failure) -> [AgentStep] {
        // Some agents answer a cancelled prompt with the protocol's error for cancellation.
        if turn?.isCancelled == true { return settle(TurnEnd(.interrupted)) }
        let words =
            failure.code == JSONRPC.Failure.authenticationRequired
            ? "\(agent) wants you to log in. Run it once in a terminal of this machine and log in there"
            : "\(failure)"
        return settle(TurnEnd(.failed(words)))
    }

    private mutating func settle(_ end: TurnEnd) -> [AgentStep] {
        guard turn != nil else { return [] }
        turn?.end = end
        return [.alarm("quiet", after: Self.quiet)]
    }

    /// Something came after the answer: extends the turn by a moment, a limited number of times.
    mutating func waitAgain() -> [AgentStep] {
        guard let turn, turn.end != nil, turn.quietWaits < Self.longestQuietWaits else { return [] }
        self.turn?.quietWaits += 1
        return [.alarm("quiet", after: Self.quiet)]
    }

    mutating func endTurn() -> [AgentStep] {
        guard let end = turn?.end else { return [] }
        turn = nil
        segments.interrupt()
        for id in tools.keys { close(id) }
        tools = [:]
        let steps = cancelPermissions()
        return steps + [.event(.usage(usage)), .event(.turnEnded(end))]
    }

    mutating func close(_ id: String) {
        closed.append(id)
        if closed.count > 500 { closed.removeFirst(closed.count - 500) }
    }
}
