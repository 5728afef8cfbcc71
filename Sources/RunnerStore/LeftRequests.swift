import Processes

/// Requests that nobody had decided when their session's process ended, and that the hub may still show.
/// ``Writing/closeConversation(of:at:)`` is what writes `abort`.
extension Reading {
    package func sessionsWithLeftRequests(endedSince: Timestamp) throws(StoreError) -> [String] {
        try rows(
            """
            SELECT s.id FROM sessions s WHERE s.ended_at >= ? AND s.happy_session_id IS NOT NULL AND EXISTS (
                SELECT 1 FROM tool_decisions t
                WHERE t.session_id = s.id AND t.decision = 'abort' AND t.decided_by = 'end')
            """, [.init(endedSince)]
        ) { $0.text("id") }
    }

    package func leftRequests(of session: String) throws(StoreError) -> [ToolDecisionRecord] {
        try toolDecisions(of: session).filter { $0.decision == "abort" && $0.decidedBy == "end" }
    }
}

extension Writing {
    /// The hub shows them no longer.
    package func settleLeftRequests(of session: String) throws(StoreError) {
        try run(
            """
            UPDATE tool_decisions SET decision = 'canceled'
            WHERE session_id = ? AND decision = 'abort' AND decided_by = 'end'
            """, [.text(session)])
    }
}
