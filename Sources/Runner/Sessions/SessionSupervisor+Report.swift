import Home
import HubClient
import Monitor
import Processes
import RunnerStore

extension SessionSupervisor {
    fileprivate enum ReportOutcome: Sendable {
        case taken(id: String)
        case refused(String)
    }

    /// Takes in a session's report. Returns why it was not taken in, or nil.
    package func report(_ report: SessionReport) async throws(StoreError) -> String? {
        let outcome = try await store.write { connection throws(StoreError) in try connection.take(report) }
        CrashPoint.reached("report-recorded")
        switch outcome {
        case .refused(let reason):
            logger.warning(
                "a report was refused",
                metadata: ["happySessionId": "\(report.happySessionID)", "why": "\(reason)"])
            return reason
        case .taken(let id):
            logger.info(
                "[RUNNER RUN] Session reported",
                metadata: ["session": "\(id)", "happySessionId": "\(report.happySessionID)"])
            knowledge(of: id).news.set(.reported(report.happySessionID))
            watch(Watch(id: id))
            return nil
        }
    }
}

extension StoreConnection {
    /// Matches a report and records it, all in the caller's transaction: of two reports at once the
    /// second meets what the first has written, and one that is refused leaves nothing behind.
    fileprivate func take(_ report: SessionReport) throws(StoreError) -> SessionSupervisor.ReportOutcome {
        let live = try liveSessions()
        let match = ReportMatch.of(report, among: live)
        let known: SessionRecord? =
            if case .session(let id) = match { live.first { $0.id == id } } else { nil }
        if let known, known.happySessionID == report.happySessionID { return .taken(id: known.id) }
        if let owner = try liveOwner(of: report.happySessionID), owner.id != known?.id {
            guard try finishIfOver(owner) else {
                return .refused("session \(report.happySessionID) belongs to the live session \(owner.id)")
            }
        }
        guard let process = report.lineage.first else { return .refused("the reporting process is gone") }
        guard !live.contains(where: { $0.launch.monitor == process }) else {
            return .refused("process \(process.pid) is the monitor of a session, and none itself")
        }
        let id = if let known { known.id } else { try welcome(report, process) }
        try confirm(id, as: report.happySessionID, at: .now)
        return .taken(id: id)
    }

    /// Records a session that somebody started in a terminal with HAPI's own program.
    private func welcome(_ report: SessionReport, _ process: ProcessIdentity) throws(StoreError) -> String {
        let session = SessionRecord(
            id: newID(), runnerID: nil, origin: .terminal, agent: report.agent, directory: report.directory,
            createdAt: .now, launch: LaunchRecord(phase: .launched, host: .current, process: process))
        try insertSession(session, detail: "from a terminal")
        return session.id
    }
}
