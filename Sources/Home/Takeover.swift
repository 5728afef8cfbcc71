import HubProtocol
import Processes
import RunnerStore

/// Records the sessions of HAPI's own runner before that runner is stopped. They keep running, and would
/// otherwise be unknown.
struct Takeover {
    let home: RunnerHome
    let controlTimeout: Duration

    struct Summary: Equatable {
        var taken = 0
        /// Processes that could not be verified as sessions of HAPI's runner.
        var left: [Int32] = []
    }

    /// - Parameter pid: HAPI's running runner.
    func run(from pid: Int32, port: Int) async throws -> Summary {
        // If the runner does not answer, its files still name its sessions.
        let listed = (try? await ControlClient(port: port, timeout: controlTimeout).sessions()) ?? []
        let sessions = ForeignSession.all(
            listed: listed, kept: read([ForeignSession.Kept].self, "resume-processes") ?? [],
            exits: home.verifiedExits)
        var summary = Summary()
        var proved: [(ForeignSession, ForeignProcess)] = []
        for session in sessions {
            guard let process = ForeignProcess(session.pid, in: home) else { continue }
            if session.isProved(by: process, runner: pid) {
                proved.append((session, process))
            } else {
                summary.left.append(session.pid)
            }
        }
        if !proved.isEmpty { summary.taken = try record(proved, of: pid) }
        return summary
    }

    /// Records the sessions, and a life for HAPI's runner that started them.
    private func record(_ sessions: [(ForeignSession, ForeignProcess)], of pid: Int32) throws -> Int {
        guard let runner = ProcessTable.identity(of: pid) else { return 0 }
        let state = StateFile.read(home)
        let store = try StoreConnection(path: home.store, mode: .create)
        return try store.write { store throws(StoreError) -> Int in
            let known = Set(try store.liveSessions().compactMap(\.launch.process))
            let new = sessions.filter { !known.contains($0.1.identity) }
            guard !new.isEmpty else { return 0 }
            let life = try store.beginRunner(
                RunnerRecord(
                    process: runner, host: .current, version: "HAPI \(state?.startedWithCliVersion ?? "")",
                    programModifiedAt: nil, hubURL: state?.startedWithApiUrl, hubState: .disabled,
                    machineID: state?.startedWithMachineId, logPath: state?.runnerLogPath ?? "",
                    startedAt: Timestamp(
                        milliseconds: Timestamp.now.milliseconds - 1000 * runner.secondsAlive)))
            // Recorded as ended right away, although it still runs, so that it is not taken for a runner of
            // this program and stopped as one.
            try store.endRunner(life, .replaced, detail: "HAPI's own runner", at: .now)
            for (session, process) in new { try store.take(session, process, of: life) }
            return new.count
        }
    }

    private func read<T: Decodable>(_ type: T.Type, _ name: String) -> T? { home.readForeign(type, name) }
}

extension Writing {
    fileprivate func take(
        _ session: ForeignSession, _ process: ForeignProcess, of runner: Int64
    ) throws(StoreError) {
        let origin: SessionOrigin = session.isFromRunner ? .runner : .terminal
        let record = SessionRecord(
            id: newID(), runnerID: session.isFromRunner ? runner : nil, origin: origin,
            agent: process.agent.rawValue, directory: process.directory,
            createdAt: Timestamp(milliseconds: 1000 * process.startedAt),
            launch: LaunchRecord(phase: .launched, host: .current, process: process.identity))
        try insertSession(record, detail: "taken over from HAPI's own runner")
        if let id = session.happySessionID, try liveOwner(of: id) == nil {
            try confirm(record.id, as: id, at: .now)
        }
    }
}

extension RunnerHome {
    /// The HAPI sessions whose end HAPI's own runner has seen.
    package var verifiedExits: Set<String> { Set(readForeign([String].self, "verified-exits") ?? []) }

    /// A file that HAPI's runner keeps beside its state file; nil if it is missing or cannot be parsed.
    fileprivate func readForeign<T: Decodable>(_ type: T.Type, _ name: String) -> T? {
        readFile("\(stateFile).\(name).json").flatMap { try? JSON.decode(type, from: $0) }
    }
}
