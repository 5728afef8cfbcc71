import Processes

package enum DirectoryDecision: String, Sendable {
    case pending, approved, denied
}

/// A decision about creating a directory, or an open request for one.
package struct DirectoryDecisionRecord: Sendable {
    package var directory: String
    package var decision: DirectoryDecision
    package var decidedBy: String?
    package var decidedAt: Timestamp?
    package var spawnRequestID: String?
    /// Whether it also applies to later requests and to everything below the directory.
    package var isStanding: Bool

    package init(
        directory: String, decision: DirectoryDecision, decidedBy: String?, decidedAt: Timestamp?,
        spawnRequestID: String?, isStanding: Bool
    ) {
        self.directory = directory
        self.decision = decision
        self.decidedBy = decidedBy
        self.decidedAt = decidedAt
        self.spawnRequestID = spawnRequestID
        self.isStanding = isStanding
    }
}

/// Decisions about directories.
extension Reading {
    /// The standing decision for a directory: the newest one of the nearest ancestor that has one, or of
    /// itself.
    package func standingDecision(on directory: String) throws(StoreError) -> DirectoryDecision? {
        try rows(
            """
            SELECT decision FROM directory_decisions
            WHERE standing = 1 AND (directory = ?1 OR directory = '/'
                                    OR substr(?1, 1, length(directory) + 1) = directory || '/')
            ORDER BY length(directory) DESC, id DESC LIMIT 1
            """, [.text(directory)]
        ) { $0.text().flatMap(DirectoryDecision.init) }.first
    }

    /// Every decision and every open request, newest first.
    package func directoryDecisions() throws(StoreError) -> [DirectoryDecisionRecord] {
        try rows(
            """
            SELECT directory, decision, decided_by, decided_at, spawn_request_id, standing
            FROM directory_decisions ORDER BY id DESC
            """
        ) { row in
            guard let directory = row.text("directory"),
                let decision = row.text("decision").flatMap(DirectoryDecision.init)
            else { return nil }
            return DirectoryDecisionRecord(
                directory: directory, decision: decision, decidedBy: row.text("decided_by"),
                decidedAt: row.time("decided_at"), spawnRequestID: row.text("spawn_request_id"),
                isStanding: row.integer("standing") == 1)
        }
    }
}

extension Writing {
    /// Records a decision, which also answers open requests for the same directory, or a pending request,
    /// unless there is one already.
    package func recordDirectoryDecision(_ decision: DirectoryDecisionRecord, at now: Timestamp)
        throws(StoreError)
    {
        if decision.decision == .pending {
            let asked = try rows(
                "SELECT id FROM directory_decisions WHERE decision = 'pending' AND directory = ?",
                [.text(decision.directory)]
            ) { $0.integer() }
            guard asked.isEmpty else { return }
        } else {
            try run(
                """
                UPDATE directory_decisions SET decision = ?, decided_by = ?, decided_at = ?
                WHERE decision = 'pending' AND directory = ?
                """,
                [
                    .init(decision.decision), .init(decision.decidedBy), .init(decision.decidedAt),
                    .text(decision.directory),
                ])
        }
        try run(
            """
            INSERT INTO directory_decisions (directory, decision, decided_by, decided_at, asked_at,
                                             spawn_request_id, standing)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(decision.directory), .init(decision.decision), .init(decision.decidedBy),
                .init(decision.decidedAt), .init(now), .init(decision.spawnRequestID),
                .integer(decision.isStanding ? 1 : 0),
            ])
    }

    /// Records a standing decision for a directory and everything below it, and answers open requests for
    /// them.
    package func decide(
        _ decision: DirectoryDecision, on directory: String, by who: String, at now: Timestamp
    ) throws(StoreError) {
        try run(
            """
            UPDATE directory_decisions SET decision = ?1, decided_by = ?2, decided_at = ?3
            WHERE decision = 'pending' AND (directory = ?4 OR substr(directory, 1, length(?5)) = ?5)
            """,
            [
                .init(decision), .text(who), .init(now), .text(directory),
                .text(directory == "/" ? "/" : directory + "/"),
            ])
        try recordDirectoryDecision(
            DirectoryDecisionRecord(
                directory: directory, decision: decision, decidedBy: who, decidedAt: now, spawnRequestID: nil,
                isStanding: true), at: now)
    }
}
