import Processes

/// The transitions of a session.
extension Reading {
    /// Whether a stop was requested. Monitors of older versions run this on newer schemas, and must cope if
    /// it fails.
    package func isStopRequested(_ id: String) throws(StoreError) -> Bool {
        try rows("SELECT stop_requested_at IS NOT NULL FROM sessions WHERE id = ?", [.text(id)]) {
            $0.integer() == 1
        } == [true]
    }

    package func exit(of id: String) throws(StoreError) -> ExitRecord? {
        try rows(
            "SELECT reason, code, signal, message, helpers, at FROM exits WHERE launch_id = ?", [.text(id)]
        ) { ExitRecord(row: &$0) }.first
    }
}

extension Writing {
    /// Inserts a session and its launch. Throws `.constraint` if a live session owns the same HAPI session.
    package func insertSession(_ session: SessionRecord, detail: String? = nil) throws(StoreError) {
        try insertLaunch(session.id, session.launch, at: session.createdAt)
        try run(
            """
            INSERT INTO sessions (id, runner_id, started_by, agent, directory, log_path,
                                  requested_session_id, created_at, name, native_id, title, sequence)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(sequence), 0) + 1 FROM sessions))
            """,
            [
                .text(session.id), .init(session.runnerID), .init(session.origin), .text(session.agent),
                .text(session.directory), .init(session.logPath), .init(session.requestedSessionID),
                .init(session.createdAt), .init(session.name), .init(session.nativeID), .init(session.title),
            ])
        let kind = session.launch.phase == .requested ? "requested" : "started"
        try recordEvent(session.id, kind, detail: detail, at: session.createdAt)
    }

    /// Records the HAPI session id that a session reports, and answers its spawn request. Throws
    /// `.constraint` if a live session owns the HAPI session.
    package func confirm(_ id: String, as happyID: String, at now: Timestamp) throws(StoreError) {
        try run(
            "UPDATE sessions SET happy_session_id = ?, reported_at = coalesce(reported_at, ?) WHERE id = ?",
            [.text(happyID), .init(now), .text(id)])
        try recordEvent(id, "reported", detail: happyID, at: now)
        try run(
            """
            UPDATE spawn_requests SET outcome = 'started', answered_at = ?
            WHERE session_id = ? AND outcome = 'pending'
            """, [.init(now), .text(id)])
    }

    /// Records that a later life of the runner has adopted a live session.
    package func adopt(_ id: String, by runner: Int64, at now: Timestamp) throws(StoreError) {
        try run(
            "UPDATE sessions SET adopted_at = ?, runner_id = ? WHERE id = ?",
            [.init(now), .integer(runner), .text(id)])
        try recordEvent(id, "adopted", detail: nil, at: now)
    }

    /// Records a request to stop, unless there is one already.
    package func requestStop(_ id: String, by source: RequestSource, at now: Timestamp) throws(StoreError) {
        let asked = try run(
            "UPDATE sessions SET stop_requested_at = ?, stopped_by = ? WHERE id = ? AND stop_requested_at IS NULL",
            [.init(now), .init(source), .text(id)])
        if asked == 1 { try recordEvent(id, "stop-requested", detail: source.rawValue, at: now) }
    }

    /// Ends a session, with `exit` unless an exit is already recorded. Returns the recorded exit; `first` is
    /// false if the session had already ended.
    package func finish(
        _ id: String, unlessRecorded exit: ExitRecord
    ) throws(StoreError) -> (exit: ExitRecord, first: Bool) {
        try recordExit(id, exit)
        let standing = try self.exit(of: id) ?? exit
        let ended = try run(
            "UPDATE sessions SET ended_at = ? WHERE id = ? AND ended_at IS NULL",
            [.init(standing.at), .text(id)])
        if ended == 1 {
            try recordEvent(id, "ended", detail: standing.summary, at: standing.at)
            try closeConversation(of: id, at: standing.at)
        }
        return (standing, ended == 1)
    }

    package func recordEvent(_ id: String, _ kind: String, detail: String?, at now: Timestamp)
        throws(StoreError)
    {
        try run(
            "INSERT INTO session_events (session_id, at, kind, detail) VALUES (?, ?, ?, ?)",
            [.text(id), .init(now), .text(kind), .init(detail)])
    }
}

extension ExitRecord {
    /// A short description: `exited with code 3`, `ended by SIGKILL: …`.
    package var summary: String {
        let how =
            switch reason {
            case .exited(let code): "exited with code \(code)"
            case .signaled(let signal): "ended by \(signalName(signal))"
            case .launchFailed: "launch failed"
            case .vanished: "vanished"
            }
        return message.map { "\(how): \($0)" } ?? how
    }
}
