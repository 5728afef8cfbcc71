import Processes

/// A process that outlived its session, on the session's host.
package struct LeftoverRecord: Equatable, Sendable {
    package var sessionID: String
    package var process: ProcessIdentity
    /// Its name, as `ps` shows it.
    package var command: String
    package var foundAt: Timestamp
    package var host: HostIdentity

    package init(
        sessionID: String, process: ProcessIdentity, command: String, foundAt: Timestamp, host: HostIdentity
    ) {
        self.sessionID = sessionID
        self.process = process
        self.command = command
        self.foundAt = foundAt
        self.host = host
    }
}

/// Processes that outlived their sessions.
extension Reading {
    /// The leftovers that have not been seen gone, of one session or of all, oldest first.
    package func leftovers(of session: String? = nil) throws(StoreError) -> [LeftoverRecord] {
        try rows(
            """
            SELECT o.session_id, o.pid, o.start, o.command, o.found_at, l.machine, l.boot_id, l.pid_namespace
            FROM leftovers o JOIN launches l ON l.id = o.session_id
            WHERE o.gone_at IS NULL AND (?1 IS NULL OR o.session_id = ?1) ORDER BY o.found_at
            """, [.init(session)]
        ) { row in
            guard let session = row.text("session_id"), let process = row.process("pid", "start"),
                let command = row.text("command"), let foundAt = row.time("found_at"), let host = row.host()
            else { return nil }
            return LeftoverRecord(
                sessionID: session, process: process, command: command, foundAt: foundAt, host: host)
        }
    }
}

extension Writing {
    package func recordLeftover(_ leftover: LeftoverRecord) throws(StoreError) {
        let inserted = try run(
            """
            INSERT INTO leftovers (session_id, pid, start, command, found_at) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            [
                .text(leftover.sessionID), .init(leftover.process.pid), .integer(leftover.process.start),
                .text(leftover.command), .init(leftover.foundAt),
            ])
        guard inserted == 1 else { return }
        try recordEvent(
            leftover.sessionID, "left-behind", detail: "\(leftover.command) \(leftover.process.pid)",
            at: leftover.foundAt)
    }

    package func markLeftoverGone(
        _ process: ProcessIdentity, of session: String, at now: Timestamp
    ) throws(StoreError) {
        try run(
            "UPDATE leftovers SET gone_at = ? WHERE session_id = ? AND pid = ? AND start = ?",
            [.init(now), .text(session), .init(process.pid), .integer(process.start)])
    }
}
