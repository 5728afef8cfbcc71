import Home
import Processes
import RunnerStore

/// The outcome of a report.
enum ReportOutcome: Sendable {
    case taken(SessionRecord)
    case refused(String)
}

extension Writing {
    /// Matches a report and records it in this transaction, so that of two concurrent reports the second sees
    /// what the first has written. A refused report changes nothing.
    ///
    /// - Parameter candidates: the sessions of the reporting process and its ancestors, as far as the runner
    ///   knows them. Sessions from a terminal are looked up here.
    func take(
        _ report: SessionReport, among candidates: [String], by runner: Int64
    ) throws(StoreError) -> ReportOutcome {
        var live = try liveTerminalSessions(withPIDs: report.lineage.map(\.pid))
        for id in Set(candidates) where !live.contains(where: { $0.id == id }) {
            if let session = try session(id), session.endedAt == nil { live.append(session) }
        }
        let known: SessionRecord? =
            switch ReportMatch.of(report, among: live) {
            case .session(let id): live.first { $0.id == id }
            case .newcomer: nil
            }
        if let known, known.happySessionID == report.happySessionID { return .taken(known) }
        if let owner = try liveOwner(of: report.happySessionID), owner.id != known?.id {
            guard case .over? = try settleNow(owner, by: runner) else {
                return .refused("session \(report.happySessionID) belongs to the live session \(owner.id)")
            }
        }
        guard let process = report.lineage.first else { return .refused("the reporting process is gone") }
        guard !live.contains(where: { $0.launch.monitor == process }) else {
            return .refused("process \(process.pid) is a session's monitor, not a session")
        }
        let id = if let known { known.id } else { try welcome(report, process) }
        try confirm(id, as: report.happySessionID, at: .now)
        guard let session = try session(id) else { return .refused("session \(id) cannot be read") }
        return .taken(session)
    }

    /// Records a session that was started in a terminal with HAPI's own program.
    private func welcome(_ report: SessionReport, _ process: ProcessIdentity) throws(StoreError) -> String {
        let session = SessionRecord(
            id: newID(), runnerID: nil, origin: .terminal, agent: report.agent, directory: report.directory,
            createdAt: .now, launch: LaunchRecord(phase: .launched, host: .current, process: process))
        try insertSession(session, detail: "from a terminal")
        return session.id
    }
}
