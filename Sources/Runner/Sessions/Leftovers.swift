import Home
import Logging
import Processes
import RunnerStore

/// Processes that outlived their session: recorded if no monitor could do so, and ended on request.
struct Leftovers: Sendable {
    let store: Store
    let logger: Logger

    /// Records the processes that carry the session's launch id, for a session whose monitor could not.
    func record(of id: String) async {
        let found = await BlockingWork.run {
            Follower.processes(carrying: id).map { process in
                LeftoverRecord(
                    sessionID: id, process: process, command: ProcessTable.name(of: process.pid) ?? "?",
                    foundAt: .now, host: .current)
            }
        }
        guard let found, !found.isEmpty else { return }
        do {
            try await store.write { connection throws(StoreError) in
                for leftover in found { try connection.recordLeftover(leftover) }
            }
        } catch {
            logger.error(
                "cannot record what a session left", metadata: ["session": "\(id)", "error": "\(error)"])
        }
    }

    /// Ends the leftovers of an ended session and their descendants, except for `spared` processes and their
    /// descendants.
    func stop(of id: String, sparing spared: Set<ProcessIdentity>) async -> StopAnswer {
        do {
            let left = try await store.read { connection throws(StoreError) in
                try connection.leftovers(of: id)
            }
            let living = left.filter { Observation.of($0.process, at: $0.host) == .alive }.map(\.process)
            let outlived =
                living.isEmpty
                ? [] : await StopSequence.standard.run { Self.tree(below: living, sparing: spared) }
            let gone = left.filter { Observation.of($0.process, at: $0.host).isOver }.map(\.process)
            try await store.write { connection throws(StoreError) in
                for process in gone { try connection.markLeftoverGone(process, of: id, at: .now) }
            }
            if !outlived.isEmpty { return .stillAlive }
            return living.isEmpty ? .alreadyGone : .stopped
        } catch {
            logger.error(
                "cannot end what a session left", metadata: ["session": "\(id)", "error": "\(error)"])
            return .stillAlive
        }
    }

    private static func tree(
        below roots: [ProcessIdentity], sparing spared: Set<ProcessIdentity>
    ) -> [ProcessIdentity] {
        roots + ProcessTree.now().descendants(of: roots) { spared.contains($0.identity) }
    }
}
