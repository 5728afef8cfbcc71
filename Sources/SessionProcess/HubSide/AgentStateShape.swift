import HubProtocol

extension RequestBook {
    /// The session's whole agent state, in the hub's format (hub contract §7.3).
    func agentState(controlledByUser: Bool, startingMode: String) -> JSONValue {
        var open: [String: JSONValue] = [:]
        for request in pending {
            open[request.card] = [
                "tool": .string(request.tool), "arguments": request.arguments.shortened,
                "createdAt": .integer(request.createdAt),
            ]
        }
        var done: [String: JSONValue] = [:]
        for request in completed { done[request.card] = request.shape }
        return [
            "controlledByUser": .bool(controlledByUser), "startingMode": .string(startingMode),
            "requests": .object(open), "completedRequests": .object(done),
        ]
    }

    /// Restores what an earlier process of the session left at the hub. Requests that were still open become
    /// canceled.
    package init(agentState: JSONValue, at now: Int64) {
        var past: [CompletedRequest] = []
        for (card, entry) in agentState["completedRequests"]?.object ?? [:] {
            var request = CompletedRequest(card, entry)
            if request.wasLeftOpen { request.reason = Self.restarted }
            past.append(request)
        }
        for (card, entry) in agentState["requests"]?.object ?? [:] {
            past.removeAll { $0.card == card }
            var request = CompletedRequest(card, entry)
            request.status = .canceled
            request.decision = "abort"
            request.reason = Self.restarted
            request.completedAt = now
            past.append(request)
        }
        past.sort { $0.completedAt < $1.completedAt }
        self.init(completed: past.suffix(Self.completedLimit))
    }

    private static let restarted = "Session restarted"

    /// The cards left open by an earlier process of the session that was killed.
    static func cardsLeftOpen(in agentState: JSONValue?) -> [String] {
        let pending = agentState?["requests"]?.object?.keys.map { $0 } ?? []
        let canceled = (agentState?["completedRequests"]?.object ?? [:]).filter { card, entry in
            CompletedRequest(card, entry).wasLeftOpen
        }
        return Set(pending + canceled.keys).sorted()
    }
}

extension CompletedRequest {
    /// Canceled by the runner, which saw the session's process end.
    fileprivate var wasLeftOpen: Bool { reason == AgentState.processGone }

    fileprivate var shape: JSONValue {
        var members: [String: JSONValue] = [
            "tool": .string(tool), "arguments": arguments.shortened, "createdAt": .integer(createdAt),
            "completedAt": .integer(completedAt), "status": .string(status.rawValue),
        ]
        members["reason"] = reason.map(JSONValue.string)
        members["mode"] = mode.map(JSONValue.string)
        members["decision"] = decision.map(JSONValue.string)
        if !allowTools.isEmpty { members["allowTools"] = .array(allowTools.map(JSONValue.string)) }
        if !answers.isEmpty {
            members["answers"] = .object(answers.mapValues { .array($0.map(JSONValue.string)) })
        }
        return .object(members)
    }

    fileprivate init(_ card: String, _ entry: JSONValue) {
        self.init(
            card: card, tool: entry["tool"]?.string ?? "", arguments: entry["arguments"] ?? .null,
            createdAt: entry["createdAt"]?.integer.map(Int64.init) ?? 0,
            completedAt: entry["completedAt"]?.integer.map(Int64.init) ?? 0,
            status: entry["status"]?.string.flatMap(Status.init) ?? .canceled)
        reason = entry["reason"]?.string
        mode = entry["mode"]?.string
        decision = entry["decision"]?.string
        allowTools = entry["allowTools"]?.array?.compactMap(\.string) ?? []
        answers = (entry["answers"]?.object ?? [:]).mapValues(\.answerWords)
    }
}

extension JSONValue {
    /// An answer to a question: a string, an array of strings, or either under `answers`.
    var answerWords: [String] {
        switch self {
        case .string(let word): [word]
        case .array(let words): words.compactMap(\.string)
        case .object(let members): members["answers"]?.answerWords ?? []
        default: []
        }
    }
}
