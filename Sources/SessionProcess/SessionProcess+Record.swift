import Home
import Processes
import RunnerStore

extension SessionProcess {
    /// A session from a terminal has no monitor. It stores its own start and end, so that a runner started
    /// later knows it.
    func recordBirth(_ sessionID: String) {
        guard !arguments.startedByRunner else { return }
        var session = SessionRecord(
            id: recordID, runnerID: nil, origin: .terminal, agent: arguments.agent.rawValue,
            directory: directory,
            createdAt: .now,
            launch: LaunchRecord(phase: .launched, host: .current, process: ProcessTable.current))
        inStore { store throws(StoreError) in
            session.name = try store.freeName(like: SessionName.derived(from: directory))
            try store.insertSession(session, detail: "in a terminal")
            if try store.liveOwner(of: sessionID) == nil {
                try store.confirm(recordID, as: sessionID, at: .now)
            }
        }
    }

    func recordEnd(_ exit: ExitRecord) {
        guard !arguments.startedByRunner else { return }
        inStore { store throws(StoreError) in try store.recordExit(recordID, exit) }
    }

    /// Only warns if the store cannot be written: the session goes on.
    private func inStore(_ body: (Writing) throws(StoreError) -> Void) {
        do {
            let store = try StoreConnection(path: configuration.home.store, mode: .create)
            try store.write(body)
        } catch {
            warn("this session is not on record: \(error)")
        }
    }
}
