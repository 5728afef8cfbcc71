import Logging
import Home
import Processes
import RunnerStore

/// Processes that outlive their session: recorded when it ends, and told from what was stopped with it.
struct Leftovers: Sendable {
    let store: Store
    let logger: Logger

    /// Records what a session that ended by itself left behind: it carries the launch id.
    func record(of id: String, sparing spared: Set<ProcessIdentity>) async {
        do {
            let session = try await store.read { store throws(StoreError) in try store.session(id) }
            guard let session, session.stopRequestedAt == nil, session.launch.host == .current else { return }
            let found = await BlockingWork.run { Self.find(session, sparing: spared) } ?? []
            guard !found.isEmpty else { return }
            logger.notice(
                "a session left processes behind",
                metadata: ["session": "\(id)", "pids": "\(found.map(\.process.pid))"])
            try await store.write { store throws(StoreError) in
                for leftover in found { try store.recordLeftover(leftover) }
            }
        } catch {
            logger.error("cannot record what was left behind", metadata: ["error": "\(error)"])
        }
    }

    private static func find(
        _ session: SessionRecord, sparing spared: Set<ProcessIdentity>
    ) -> [LeftoverRecord] {
        Follower.processes(carrying: session.id)
            .filter { !spared.contains($0) && $0 != session.launch.process }
            .map { process in
                LeftoverRecord(
                    sessionID: session.id, process: process,
                    command: ProcessTable.name(of: process.pid) ?? "?", foundAt: .now,
                    host: session.launch.host)
            }
    }

    /// Ends what a session that is over left behind.
    func stop(_ id: String, sparing spared: Set<ProcessIdentity>) async -> StopAnswer {
        do {
            let left = try await alive(of: id)
            guard !left.isEmpty else { return .alreadyGone }
            let roots = left.map(\.process)
            let stayed = await StopSequence.standard.run {
                roots + ProcessTree.now().descendants(of: roots) { spared.contains($0.identity) }
            }
            try await alive(of: id)
            return stayed.isEmpty ? .stopped : .stillAlive
        } catch {
            logger.error(
                "cannot read what was left behind", metadata: ["session": "\(id)", "error": "\(error)"])
            return .alreadyGone
        }
    }

    /// What lives of it; what does not is marked as gone.
    @discardableResult
    func alive(of id: String? = nil) async throws(StoreError) -> [LeftoverRecord] {
        let kept = try await store.read { store throws(StoreError) in try store.leftovers(of: id) }
        let gone = kept.filter { Observation.of($0.process, at: $0.host).isOver }
        if !gone.isEmpty {
            try await store.write { store throws(StoreError) in
                for one in gone { try store.markLeftoverGone(one.process, of: one.sessionID, at: .now) }
            }
        }
        return kept.filter { Observation.of($0.process, at: $0.host) == .alive }
    }
}

extension Store {
    /// A session's row; nil if there is none or the store does not answer.
    func session(_ id: String, _ logger: Logger) async -> SessionRecord? {
        do {
            return try read { store throws(StoreError) in try store.session(id) }
        } catch {
            logger.error("cannot read a session", metadata: ["session": "\(id)", "error": "\(error)"])
            return nil
        }
    }
}
