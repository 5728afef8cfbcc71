import HubProtocol
import Processes
import RunnerStore

/// Takes the sessions of HAPI's own runner into the store, before that runner is stopped: they live on, and
/// nothing else would know of them.
struct Takeover {
    let home: RunnerHome
    let controlTimeout: Duration

    struct Summary: Equatable {
        var taken = 0
        /// The processes that cannot be proved to be what HAPI's runner says.
        var left: [Int32] = []
    }

    /// - Parameter pid: the running runner of HAPI's.
    func run(from pid: Int32, port: Int) async throws -> Summary {
        // One that does not answer has left on the disk what it knew.
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

    /// Each with the life of HAPI's runner that started it.
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
            // It runs for a moment still; but it is not a life of this program, to be found and stopped as one.
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

    /// One of the files HAPI's runner keeps beside its state file; nil if there is none that can be read.
    fileprivate func readForeign<T: Decodable>(_ type: T.Type, _ name: String) -> T? {
        readFile("\(stateFile).\(name).json").flatMap { try? JSON.decode(type, from: $0) }
    }
}
