import Processes

/// How a turn of a conversation ended.
package enum TurnOutcome: String, Sendable {
    case completed, failed, aborted
    /// The agent's process ended during the turn.
    case lost
}

/// One turn of a conversation: from the prompt until the agent has finished.
package struct TurnRecord: Equatable, Sendable {
    package var id: Int64
    package var sessionID: String
    package var beganAt: Timestamp
    package var endedAt: Timestamp?
    /// nil while the turn is in progress.
    package var outcome: TurnOutcome?
    package var detail: String?
}

/// A permission request of an agent, and its decision.
package struct ToolDecisionRecord: Equatable, Sendable {
    package var id: Int64
    package var sessionID: String
    /// The agent's id of the request. Not unique: an agent may reuse it.
    package var requestID: String
    package var tool: String
    /// One line that describes the request, such as the command.
    package var summary: String?
    /// In the hub's terms; nil while undecided.
    package var decision: String?
    /// Who decided: `hub`, `cli`, `mode`, `agent`.
    package var decidedBy: String?
    package var askedAt: Timestamp
    package var decidedAt: Timestamp?
}

/// What is stored of a session's conversation: its turns and decisions, but not its text.
extension Reading {
    /// `wanted`, with the smallest number from 2 appended if a live session has that name.
    package func freeName(like wanted: String) throws(StoreError) -> String {
        var (name, number) = (wanted, 1)
        while try rows(
            "SELECT 1 FROM sessions WHERE name = ? AND ended_at IS NULL", [.text(name)], { $0.integer() }
        ).isEmpty == false {
            number += 1
            name = "\(wanted)-\(number)"
        }
        return name
    }

    /// The turns of a session, oldest first.
    package func turns(of session: String) throws(StoreError) -> [TurnRecord] {
        try rows(
            """
            SELECT id, session_id, began_at, ended_at, outcome, detail FROM turns WHERE session_id = ?
            ORDER BY id
            """, [.text(session)]
        ) { TurnRecord(row: &$0) }
    }

    /// The permission requests of a session's agent, oldest first.
    package func toolDecisions(of session: String) throws(StoreError) -> [ToolDecisionRecord] {
        try rows(
            """
            SELECT id, session_id, request_id, tool, summary, decision, decided_by, asked_at, decided_at
            FROM tool_decisions WHERE session_id = ? ORDER BY id
            """, [.text(session)]
        ) { ToolDecisionRecord(row: &$0) }
    }
}

extension Writing {
    /// Records the agent's own id of the conversation; nil removes it, as after `/clear`.
    package func setNativeID(_ nativeID: String?, of session: String) throws(StoreError) {
        try run("UPDATE sessions SET native_id = ? WHERE id = ?", [.init(nativeID), .text(session)])
    }

    package func setTitle(_ title: String?, of session: String) throws(StoreError) {
        try run("UPDATE sessions SET title = ? WHERE id = ?", [.init(title), .text(session)])
    }

    /// Names a session. Throws `.constraint` if a live session has the name.
    package func setName(_ name: String?, of session: String) throws(StoreError) {
        try run("UPDATE sessions SET name = ? WHERE id = ?", [.init(name), .text(session)])
    }

    /// Begins a turn and returns its id.
    package func beginTurn(of session: String, detail: String? = nil, at now: Timestamp) throws(StoreError)
        -> Int64
    {
        try run(
            "INSERT INTO turns (session_id, began_at, detail) VALUES (?, ?, ?)",
            [.text(session), .init(now), .init(detail)])
        return lastInsertedRow
    }

    /// Ends a turn, unless it has been ended already.
    package func endTurn(
        _ turn: Int64, _ outcome: TurnOutcome, detail: String? = nil, at now: Timestamp
    ) throws(StoreError) {
        try run(
            """
            UPDATE turns SET ended_at = ?, outcome = ?, detail = coalesce(?, detail)
            WHERE id = ? AND ended_at IS NULL
            """, [.init(now), .init(outcome), .init(detail), .integer(turn)])
    }

    /// Closes what a session left open when its process ended: turns become lost, permission requests are
    /// withdrawn. Returns those requests.
    @discardableResult
    package func closeConversation(of session: String, at now: Timestamp) throws(StoreError)
        -> [ToolDecisionRecord]
    {
        try run(
            "UPDATE turns SET ended_at = ?, outcome = 'lost' WHERE session_id = ? AND ended_at IS NULL",
            [.init(now), .text(session)])
        let open = try toolDecisions(of: session).filter { $0.decidedAt == nil }
        try run(
            """
            UPDATE tool_decisions SET decision = 'abort', decided_by = 'end', decided_at = ?
            WHERE session_id = ? AND decided_at IS NULL
            """, [.init(now), .text(session)])
        return open
    }

    /// Records a permission request. Returns the id to record its decision with.
    package func recordToolRequest(
        _ request: String, _ tool: String, summary: String?, of session: String, at now: Timestamp
    ) throws(StoreError) -> Int64 {
        try run(
            "INSERT INTO tool_decisions (session_id, request_id, tool, summary, asked_at) VALUES (?, ?, ?, ?, ?)",
            [.text(session), .text(request), .text(tool), .init(summary), .init(now)])
        return lastInsertedRow
    }

    /// Records a decision and who made it, unless the request has been decided already.
    package func recordToolDecision(
        _ id: Int64, _ decision: String, by who: String, at now: Timestamp
    ) throws(StoreError) {
        try run(
            """
            UPDATE tool_decisions SET decision = ?, decided_by = ?, decided_at = ?
            WHERE id = ? AND decided_at IS NULL
            """, [.text(decision), .text(who), .init(now), .integer(id)])
    }
}

extension TurnRecord {
    init?(row: inout Row) {
        guard let id = row.integer("id"), let session = row.text("session_id"),
            let began = row.time("began_at")
        else { return nil }
        self.init(
            id: id, sessionID: session, beganAt: began, endedAt: row.time("ended_at"),
            outcome: row.text("outcome").flatMap(TurnOutcome.init), detail: row.text("detail"))
    }
}

extension ToolDecisionRecord {
    init?(row: inout Row) {
        guard let id = row.integer("id"), let session = row.text("session_id"),
            let request = row.text("request_id"), let tool = row.text("tool"),
            let asked = row.time("asked_at")
        else { return nil }
        self.init(
            id: id, sessionID: session, requestID: request, tool: tool, summary: row.text("summary"),
            decision: row.text("decision"), decidedBy: row.text("decided_by"), askedAt: asked,
            decidedAt: row.time("decided_at"))
    }
}
