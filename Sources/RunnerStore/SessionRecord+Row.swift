import Processes

extension SessionRecord {
    /// The columns ``init(row:)`` reads, in its order.
    static let query = """
        SELECT s.id, s.runner_id, s.started_by, s.agent, s.directory, s.log_path, s.requested_session_id,
               s.happy_session_id, s.created_at, s.reported_at, s.adopted_at, s.stop_requested_at, s.stopped_by,
               s.ended_at, s.name, s.native_id, s.title,
               l.phase, l.machine, l.boot_id, l.pid_namespace, l.monitor_pid, l.monitor_start, l.pid, l.start,
               e.reason, e.code, e.signal, e.message, e.helpers, e.at
        FROM sessions s
        JOIN launches l ON l.id = s.id
        LEFT JOIN exits e ON e.launch_id = s.id
        """

    init?(row: inout Row) {
        let (id, runnerID, origin) = (row.text(), row.integer(), row.text().flatMap(SessionOrigin.init))
        let (agent, directory, logPath) = (row.text(), row.text(), row.text())
        let (requested, happy) = (row.text(), row.text())
        let (created, reported, adopted, stopAsked) = (row.time(), row.time(), row.time(), row.time())
        let (stoppedBy, ended) = (row.text().flatMap(RequestSource.init), row.time())
        let (name, nativeID, title) = (row.text(), row.text(), row.text())
        let launch = LaunchRecord(row: &row)
        let exit = ExitRecord(row: &row)
        guard let id, let origin, let agent, let directory, let created, let launch else { return nil }
        self.init(
            id: id, runnerID: runnerID, origin: origin, agent: agent, directory: directory, logPath: logPath,
            requestedSessionID: requested, createdAt: created, launch: launch)
        self.happySessionID = happy
        self.reportedAt = reported
        self.adoptedAt = adopted
        self.stopRequestedAt = stopAsked
        self.stoppedBy = stoppedBy
        self.endedAt = ended
        self.name = name
        self.nativeID = nativeID
        self.title = title
        self.exit = exit
    }
}

extension LaunchRecord {
    init?(row: inout Row) {
        let (phase, host) = (row.text().flatMap(LaunchPhase.init), row.host())
        let (monitor, process) = (row.process(), row.process())
        guard let phase, let host else { return nil }
        self.init(phase: phase, host: host, monitor: monitor, process: process)
    }
}

extension ExitRecord {
    /// nil where there is no exit row.
    init?(row: inout Row) {
        let (name, code, signal) = (row.text(), row.integer(), row.integer())
        let (message, helpers, at) = (row.text(), row.integer(), row.time())
        guard let name, let at, let reason = ExitReason(name: name, code: code, signal: signal) else {
            return nil
        }
        self.init(reason, message: message, helpers: helpers.map { Int($0) }, at: at)
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

    /// Its name in the store and in JSON.
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
