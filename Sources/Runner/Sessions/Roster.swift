import Processes
import RunnerStore

/// A session that has reported and lives, as it is listed.
package struct ReportedSession: Equatable, Sendable {
    package let happySessionID: String
    package let origin: SessionOrigin
    package let pid: Int32
}

/// Which processes belong to which session, as far as this life of the runner knows: what it launched, took
/// over or was told. A look here costs the same however many sessions live; the store has the last word.
struct Roster {
    fileprivate struct Entry {
        let order: Int
        var monitor: ProcessIdentity?
        var process: ProcessIdentity?
        /// Holds on to the process, where that is possible.
        var held: ProcessDescriptor?
        var happySessionID: String?
        var origin = SessionOrigin.runner
    }

    private var entries: [String: Entry] = [:]
    private var sessions: [ProcessIdentity: String] = [:]
    /// The monitors of the sessions, and whose each is.
    private(set) var monitors: [ProcessIdentity: String] = [:]
    private var added = 0

    /// Takes note of what a row of this host tells.
    mutating func note(_ session: SessionRecord) {
        guard session.launch.host == .current else { return }
        note(session.id, monitor: session.launch.monitor, process: session.launch.process)
        entries[session.id]?.happySessionID = session.happySessionID
        entries[session.id]?.origin = session.origin
    }

    mutating func note(_ id: String, monitor: ProcessIdentity?, process: ProcessIdentity?) {
        var entry = entries[id] ?? Entry(order: added)
        added += 1
        if let monitor {
            entry.monitor = monitor
            (sessions[monitor], monitors[monitor]) = (id, id)
        }
        if let process, entry.process != process {
            entry.process = process
            entry.held = ProcessDescriptor(process)
            sessions[process] = id
        }
        entries[id] = entry
    }

    mutating func forget(_ id: String) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        for process in [entry.monitor, entry.process].compactMap({ $0 }) where sessions[process] == id {
            sessions[process] = nil
            monitors[process] = nil
        }
    }

    /// The sessions that one of these processes belongs to.
    func sessions(of processes: [ProcessIdentity]) -> [String] {
        Array(Set(processes.compactMap { sessions[$0] }))
    }

    /// The sessions that have reported and whose process lives, in the order they came to be known.
    func reported() -> [ReportedSession] {
        let known = entries.values.filter { $0.happySessionID != nil }.sorted { $0.order < $1.order }
        let held = ProcessDescriptor.alive(among: known.compactMap(\.held))
        return known.compactMap { entry in
            guard let happySessionID = entry.happySessionID, entry.isAlive(held) else { return nil }
            return ReportedSession(
                happySessionID: happySessionID, origin: entry.origin, pid: entry.process?.pid ?? 0)
        }
    }
}

extension Roster.Entry {
    /// - Parameter living: those processes that live, of the ones a descriptor is held of.
    fileprivate func isAlive(_ living: Set<ProcessIdentity>) -> Bool {
        if let held { return living.contains(held.identity) }
        // For want of a descriptor, or of the monitor's word on the process.
        return (process ?? monitor).map { Observation.of($0, at: .current) == .alive } ?? false
    }
}
