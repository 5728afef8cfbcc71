import RunnerStore

extension SessionSupervisor {
    /// Takes in a session's report. Returns why it was not taken in, or nil.
    public func report(_ report: SessionReport) async throws(StoreError) -> String? {
        let live = try await store.read { connection throws(StoreError) in try connection.liveSessions() }
        let id: String
        switch ReportMatch.of(report, among: live) {
        case .session(let matched): id = matched
        case .newcomer:
            guard let process = report.lineage.first else { return "the reporting process is gone" }
            id = try await welcome(report, process)
        }
        let refused = try await confirm(id, report, among: live)
        CrashPoint.reached("report-recorded")
        if let refused {
            logger.warning("a report was refused", metadata: ["session": "\(id)", "why": "\(refused)"])
            return refused
        }
        logger.info(
            "[RUNNER RUN] Session reported",
            metadata: ["session": "\(id)", "happySessionId": "\(report.happySessionID)"])
        knowledge(of: id).news.set(.reported(report.happySessionID))
        watch(Watch(id: id))
        return nil
    }

    /// Records a session that somebody started in a terminal with HAPI's own program.
    private func welcome(_ report: SessionReport, _ process: ProcessIdentity) async throws(StoreError)
        -> String
    {
        let session = SessionRecord(
            id: newID(), runnerID: nil, origin: .terminal, agent: report.agent, directory: report.directory,
            createdAt: .now, launch: LaunchRecord(phase: .launched, host: .current, process: process))
        try await store.write { connection throws(StoreError) in
            try connection.insertSession(session, detail: "from a terminal")
        }
        return session.id
    }

    /// One transaction: the id is this session's, unless a live session owns it.
    private func confirm(
        _ id: String, _ report: SessionReport, among live: [SessionRecord]
    ) async throws(StoreError) -> String? {
        try await store.write { connection throws(StoreError) in
            guard let session = try connection.session(id), session.endedAt == nil else {
                return "its session is over"
            }
            if session.happySessionID == report.happySessionID { return nil }
            if let owner = try connection.liveOwner(of: report.happySessionID), owner.id != id {
                guard try connection.finishIfOver(owner) else {
                    return "session \(report.happySessionID) belongs to the live session \(owner.id)"
                }
            }
            try connection.confirm(id, as: report.happySessionID, at: .now)
            return nil
        }
    }
}
