import Processes

/// The lives of the runner.
extension Reading {
    /// The newest lives of the runner, newest first.
    package func newestRunners(limit: Int) throws(StoreError) -> [RunnerRecord] {
        try runners("ORDER BY id DESC LIMIT ?", [.init(limit)])
    }

    /// The lives without a recorded end: the running one, and any that crashed.
    package func unendedRunners() throws(StoreError) -> [RunnerRecord] {
        try runners("WHERE end_reason IS NULL ORDER BY id DESC")
    }

    func runners(_ condition: String, _ values: [StoreValue] = []) throws(StoreError) -> [RunnerRecord] {
        try rows(
            """
            SELECT id, pid, start, machine, boot_id, pid_namespace, version, program_modified_at, http_port,
                   hub_url, hub_state, hub_detail, machine_id, log_path, started_at, last_heartbeat_at,
                   stopping_at, ended_at, end_reason, end_detail, notice
            FROM runners \(condition)
            """, values
        ) { RunnerRecord(row: &$0) }
    }
}

extension Writing {
    /// Inserts a new life and returns its id.
    package func beginRunner(_ runner: RunnerRecord) throws(StoreError) -> Int64 {
        try run(
            """
            INSERT INTO runners (pid, start, machine, boot_id, pid_namespace, version, program_modified_at,
                                 http_port, hub_url, hub_state, machine_id, log_path, started_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .init(runner.process.pid), .integer(runner.process.start), .text(runner.host.machine),
                .text(runner.host.bootID), .integer(runner.host.pidNamespace), .text(runner.version),
                .init(runner.programModifiedAt), .init(runner.httpPort), .init(runner.hubURL),
                .init(runner.hubState),
                .init(runner.machineID), .text(runner.logPath), .init(runner.startedAt),
            ])
        return lastInsertedRow
    }

    /// Records the state of the hub connection, and an event if it has changed. Writes nothing if it has not,
    /// so that retries don't cost disk writes.
    package func setHubState(
        _ state: HubState, detail: String?, of runner: Int64, at now: Timestamp
    ) throws(StoreError) {
        try run(
            """
            INSERT INTO hub_changes (runner_id, at, state, detail)
            SELECT id, ?1, ?2, ?3 FROM runners WHERE id = ?4 AND hub_state <> ?2
            """, [.init(now), .init(state), .init(detail), .integer(runner)])
        try run(
            """
            UPDATE runners SET hub_state = ?1, hub_detail = ?2
            WHERE id = ?3 AND (hub_state <> ?1 OR hub_detail IS NOT ?2)
            """, [.init(state), .init(detail), .integer(runner)])
    }

    /// Sets or clears the message that `status` shows.
    package func setNotice(_ notice: String?, of runner: Int64) throws(StoreError) {
        try run("UPDATE runners SET notice = ? WHERE id = ?", [.init(notice), .integer(runner)])
    }

    /// Records that the runner was told to stop, before it starts stopping.
    package func markStopping(_ runner: Int64, at now: Timestamp) throws(StoreError) {
        try run("UPDATE runners SET stopping_at = ? WHERE id = ?", [.init(now), .integer(runner)])
    }

    /// Ends a life of the runner. `at` is nil if the time is unknown.
    package func endRunner(
        _ runner: Int64, _ reason: RunnerEndReason, detail: String?, at: Timestamp?
    ) throws(StoreError) {
        try run(
            "UPDATE runners SET end_reason = ?, end_detail = ?, ended_at = ? WHERE id = ? AND end_reason IS NULL",
            [.init(reason), .init(detail), .init(at), .integer(runner)])
    }

    /// Adds a heartbeat with the recorded hub state, and deletes all but the last `kept` heartbeats and hub
    /// changes. Not by age: a clock that is wrong for a moment would delete them all.
    package func recordHeartbeat(
        _ beat: HeartbeatRecord, of runner: Int64, at now: Timestamp, keeping kept: Int
    ) throws(StoreError) {
        try run(
            """
            INSERT INTO heartbeats (runner_id, at, live_sessions, pruned, hub_state, resident_bytes, load_1m,
                                    suspended_ms)
            SELECT id, ?, ?, ?, hub_state, ?, ?, ? FROM runners WHERE id = ?
            """,
            [
                .init(now), .init(beat.liveSessions), .init(beat.pruned), .init(beat.residentBytes),
                .init(beat.load1m), .init(beat.suspended), .integer(runner),
            ])
        try run("UPDATE runners SET last_heartbeat_at = ? WHERE id = ?", [.init(now), .integer(runner)])
        for table in ["heartbeats", "hub_changes"] {
            try run(
                "DELETE FROM \(table) WHERE rowid <= (SELECT max(rowid) FROM \(table)) - ?", [.init(kept)])
        }
    }
}

extension RunnerRecord {
    init?(row: inout Row) {
        guard let id = row.integer("id"), let process = row.process("pid", "start"), let host = row.host(),
            let version = row.text("version"), let hubState = row.text("hub_state").flatMap(HubState.init),
            let logPath = row.text("log_path"), let startedAt = row.time("started_at")
        else { return nil }
        self.init(
            process: process, host: host, version: version,
            programModifiedAt: row.real("program_modified_at"), hubURL: row.text("hub_url"),
            hubState: hubState, machineID: row.text("machine_id"), logPath: logPath, startedAt: startedAt)
        self.id = id
        self.httpPort = row.integer("http_port").map { Int($0) }
        self.hubDetail = row.text("hub_detail")
        self.lastHeartbeatAt = row.time("last_heartbeat_at")
        self.stoppingAt = row.time("stopping_at")
        self.endedAt = row.time("ended_at")
        self.endReason = row.text("end_reason").flatMap(RunnerEndReason.init)
        self.endDetail = row.text("end_detail")
        self.notice = row.text("notice")
    }
}
