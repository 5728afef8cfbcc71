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
    /// The entries that have reported, in the order they came to be known; nil once one of them has changed.
    private var listed: [Entry]?

    /// Takes note of what a row of this host tells.
    mutating func note(_ session: SessionRecord) {
        guard session.launch.host == .current else { return }
        note(session.id, monitor: session.launch.monitor, process: session.launch.process)
        entries[session.id]?.happySessionID = session.happySessionID
        entries[session.id]?.origin = session.origin
    }

    mutating func note(_ id: String, monitor: ProcessIdentity?, process: ProcessIdentity?) {
        listed = nil
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
        listed = nil
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
    mutating func reported() -> [ReportedSession] {
        let known =
            listed
            ?? entries.values.filter { $0.happySessionID != nil }.sorted { $0.order < $1.order }
        listed = known
        return zip(known, ProcessDescriptor.haveEnded(known.map(\.held))).compactMap { entry, hasEnded in
            guard let happySessionID = entry.happySessionID, entry.isAlive(hasEnded) else { return nil }
            return ReportedSession(
                happySessionID: happySessionID, origin: entry.origin, pid: entry.process?.pid ?? 0)
        }
    }
}

extension Roster.Entry {
    /// - Parameter hasEnded: whether the process that `held` stands for has.
    fileprivate func isAlive(_ hasEnded: Bool?) -> Bool {
        if let hasEnded { return !hasEnded }
        // For want of a descriptor, or of the monitor's word on the process.
        return (process ?? monitor).map { Observation.of($0, at: .current) == .alive } ?? false
    }
}
