import Processes

/// What became of a message that was about to be given to an agent.
package enum MessageStep: String, Sendable {
    case given = "message-given"
    /// The agent ended before it began with it.
    case returned = "message-returned"
}

extension Reading {
    /// The last messages that processes of a HAPI session gave to their agents, by the hub's ids.
    package func messagesGiven(in happySession: String) throws(StoreError) -> Set<String> {
        let steps = try rows(
            """
            SELECT e.kind, e.detail FROM sessions s JOIN session_events e ON e.session_id = s.id
            WHERE s.happy_session_id = ? AND e.kind IN ('message-given', 'message-returned')
            ORDER BY e.id DESC LIMIT 1000
            """, [.text(happySession)]
        ) { row in
            row.text("detail").flatMap { key in
                row.text("kind").flatMap(MessageStep.init).map { (key, $0) }
            }
        }
        let last = Dictionary(steps, uniquingKeysWith: { newer, _ in newer })
        return Set(last.filter { $0.value == .given }.keys)
    }
}

extension Writing {
    package func recordMessage(
        _ key: String, _ step: MessageStep, in session: String, at now: Timestamp
    ) throws(StoreError) {
        try recordEvent(session, step.rawValue, detail: key, at: now)
    }
}
