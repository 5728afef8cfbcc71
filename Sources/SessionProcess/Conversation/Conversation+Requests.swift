import HubProtocol

extension Conversation {
    mutating func asked(_ request: PermissionRequest, _ now: Moment, _ actions: inout Actions) {
        // The card comes first, so that the web app can attach the request to it.
        opened(request.tool, &actions)
        let card = cards.first { $0.id == request.tool.id } ?? request.tool
        let entry = PendingRequest(
            card: card.id, agentID: request.id, kind: request.kind, tool: card.name, arguments: card.input,
            createdAt: now.wall)
        actions.add(
            .record(.asked(card: card.id, tool: card.name, summary: Self.summary(card.input))))
        requests.open(entry)
        var known = request
        known.tool = card
        if request.kind == .tool, allowed.allows(card.name, card.input) {
            answer(entry, PermissionAnswer(.approvedForSession), by: "rule", now, &actions)
        } else if let decision = ApprovalPolicy.decision(mode: mode, known) {
            answer(entry, PermissionAnswer(decision), by: "mode", now, &actions)
        } else if isEnding {
            answer(entry, PermissionAnswer(.denied), by: "end", now, &actions)
        } else {
            actions.add(.publishRequests)
        }
    }

    /// Ignores a decision on a request that is no longer open, for example one from a second phone.
    mutating func decide(_ card: String, _ decision: Decision, _ now: Moment, _ actions: inout Actions) {
        guard let entry = requests[card: card] else { return }
        var answer = decision.answer
        if entry.kind == .question, answer.decision == .approved, answer.answers.isEmpty {
            answer.decision = .denied
            answer.reason = "No answer was given"
        }
        if answer.decision == .approvedForSession || !answer.allowedTools.isEmpty, entry.kind == .tool {
            let rules =
                answer.allowedTools.isEmpty
                ? [AllowList.rule(entry.tool, entry.arguments)] : answer.allowedTools
            allowed.allow(rules)
            answer.allowedTools = rules
            answer.decision = .approvedForSession
        }
        self.answer(entry, answer, by: decision.by, now, &actions)
        if answer.decision == .abort { abort(now, &actions) }
    }

    private mutating func answer(
        _ entry: PendingRequest, _ answer: PermissionAnswer, by: String, _ now: Moment,
        _ actions: inout Actions
    ) {
        var answer = answer
        answer.input = entry.arguments
        let approved = answer.decision == .approved || answer.decision == .approvedForSession
        // Approving a plan sets the mode in the answer itself. For other requests the mode is set first.
        if approved, let mode = answer.mode, entry.kind != .plan, row.modes.contains(mode) {
            set([.mode(mode)], reply: nil, now, &actions)
        }
        actions.add(.command(.answer(request: entry.agentID, answer)))
        complete(entry.card, approved ? .approved : .denied, answer, by: by, now, &actions)
    }

    mutating func withdrawn(_ id: String, _ now: Moment, _ actions: inout Actions) {
        guard let entry = requests.pending.first(where: { $0.agentID == id }) else { return }
        complete(entry.card, .canceled, reason: "The agent withdrew the request", by: "agent", now, &actions)
    }

    mutating func cancelRequests(_ reason: String, by: String, _ now: Moment, _ actions: inout Actions) {
        for entry in requests.pending {
            complete(entry.card, .canceled, reason: reason, by: by, now, &actions)
        }
    }

    mutating func complete(
        _ card: String, _ status: CompletedRequest.Status, _ answer: PermissionAnswer? = nil,
        reason: String? = nil, by: String, _ now: Moment, _ actions: inout Actions
    ) {
        guard
            requests.complete(card: card, status, answer, reason: reason, by: by, at: now.wall) != nil
        else { return }
        actions.add(.publishRequests)
        actions.add(.record(.decided(card: card, status: status.rawValue, by: by)))
    }

    /// One line that describes a request, for the history.
    static func summary(_ input: JSONValue) -> String {
        for key in ["command", "cmd", "file_path", "path", "pattern", "url", "query", "plan"] {
            if let text = input[key]?.string { return firstWords(text) }
        }
        return ""
    }
}
