import Processes

extension SessionRecord {
    /// The columns that ``init(row:)`` reads.
    static let query = """
        SELECT s.id, s.runner_id, s.started_by, s.agent, s.directory, s.log_path, s.requested_session_id,
               s.happy_session_id, s.created_at, s.reported_at, s.adopted_at, s.stop_requested_at, s.stopped_by,
               s.ended_at, s.name, s.native_id, s.title, s.sequence,
               l.phase, l.machine, l.boot_id, l.pid_namespace, l.monitor_pid, l.monitor_start, l.pid, l.start,
               e.reason, e.code, e.signal, e.message, e.helpers, e.at
        FROM sessions s
        JOIN launches l ON l.id = s.id
        LEFT JOIN exits e ON e.launch_id = s.id
        """

    init?(row: inout Row) {
        guard let id = row.text("id"), let origin = row.text("started_by").flatMap(SessionOrigin.init),
            let agent = row.text("agent"), let directory = row.text("directory"),
            let created = row.time("created_at"), let launch = LaunchRecord(row: &row)
        else { return nil }
        self.init(
            id: id, runnerID: row.integer("runner_id"), origin: origin, agent: agent, directory: directory,
            logPath: row.text("log_path"), requestedSessionID: row.text("requested_session_id"),
            createdAt: created, launch: launch)
        happySessionID = row.text("happy_session_id")
        reportedAt = row.time("reported_at")
        adoptedAt = row.time("adopted_at")
        stopRequestedAt = row.time("stop_requested_at")
        stoppedBy = row.text("stopped_by").flatMap(RequestSource.init)
        endedAt = row.time("ended_at")
        name = row.text("name")
        nativeID = row.text("native_id")
        title = row.text("title")
        exit = ExitRecord(row: &row)
    }
}

extension LaunchRecord {
    init?(row: inout Row) {
        guard let phase = row.text("phase").flatMap(LaunchPhase.init), let host = row.host() else {
            return nil
        }
        self.init(
            phase: phase, host: host, monitor: row.process("monitor_pid", "monitor_start"),
            process: row.process("pid", "start"))
    }
}

extension ExitRecord {
    /// nil if there is no exit row.
    init?(row: inout Row) {
        guard let name = row.text("reason"), let at = row.time("at"),
            let reason = ExitReason(name: name, code: row.integer("code"), signal: row.integer("signal"))
        else { return nil }
        self.init(
            reason, message: row.text("message"), helpers: row.integer("helpers").map { Int($0) }, at: at)
    }
}

extension ExitReason {
    init?(name: String, code: Int64?, signal: Int64?) {
        switch (name, code, signal) {
        case ("exited", let code?, _): self = .exited(code: Int32(truncatingIfNeeded: code))
        case ("signaled", _, let signal?): self = .signaled(signal: Int32(truncatingIfNeeded: signal))
        case ("launch-failed", _, _): self = .launchFailed
        case ("vanished", _, _): self = .vanished
        default: return nil
        }
    }

    /// The name in the store and in JSON.
    package var name: String {
        switch self {
        case .exited: "exited"
        case .signaled: "signaled"
        case .launchFailed: "launch-failed"
        case .vanished: "vanished"
        }
    }

    package var code: Int32? { if case .exited(let code) = self { code } else { nil } }
    package var signal: Int32? { if case .signaled(let signal) = self { signal } else { nil } }
}
