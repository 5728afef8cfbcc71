import HubProtocol
import Processes
import RunnerStore

/// When the turns of a session's conversation began and ended, and what its agent asked for and who decided.
struct ConversationView {
    let turns: [TurnRecord]
    let decisions: [ToolDecisionRecord]

    init(of session: String, _ store: Reading) throws(StoreError) {
        turns = try store.turns(of: session)
        decisions = try store.toolDecisions(of: session)
    }

    /// The session's events and the conversation's, in the order of their times.
    func rows(with events: [SessionEvent]) -> [[String]] {
        var all = events.map { ($0.at, $0.kind, $0.detail) }
        for turn in turns {
            all.append((turn.beganAt, "turn began", turn.detail))
            if let end = turn.endedAt { all.append((end, "turn ended", turn.outcome?.rawValue)) }
        }
        for decision in decisions {
            let request = [decision.tool, decision.summary].compactMap { $0 }.joined(separator: ": ")
            all.append((decision.askedAt, "asked", request))
            guard let at = decision.decidedAt, let word = decision.decision else { continue }
            let by = decision.decidedBy.map { " by \($0)" } ?? ""
            all.append((at, "decided", "\(word)\(by): \(request)"))
        }
        // Stable, so that what has the same time stays in the order in which it was recorded.
        return all.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            .map { [$0.element.0.local, $0.element.1, $0.element.2 ?? ""] }
    }

    var members: [String: JSONValue] {
        [
            "turns": .array(
                turns.map { turn in
                    .object([
                        "beganAt": .init(turn.beganAt), "endedAt": .init(turn.endedAt),
                        "outcome": .init(turn.outcome?.rawValue), "detail": .init(turn.detail),
                    ])
                }),
            "decisions": .array(
                decisions.map { decision in
                    .object([
                        "tool": .string(decision.tool), "summary": .init(decision.summary),
                        "askedAt": .init(decision.askedAt), "decision": .init(decision.decision),
                        "decidedBy": .init(decision.decidedBy), "decidedAt": .init(decision.decidedAt),
                    ])
                }),
        ]
    }
}
