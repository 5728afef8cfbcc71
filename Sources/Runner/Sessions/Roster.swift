import Processes
import RunnerStore

/// A live session that has reported, as the control server lists it.
package struct ReportedSession: Equatable, Sendable {
    package let happySessionID: String
    package let origin: SessionOrigin
    package let pid: Int32
}

/// Which processes belong to which session, as far as this life of the runner has launched, adopted or
/// learned of them. Lookups take constant time. The store is authoritative.
struct Roster {
    fileprivate struct Entry {
        let order: Int
        var monitor: ProcessIdentity?
        var process: ProcessIdentity?
        /// A pidfd on the process, if one could be opened.
        var held: ProcessDescriptor?
        var happySessionID: String?
        var origin = SessionOrigin.runner
    }

    private var entries: [String: Entry] = [:]
    private var sessions: [ProcessIdentity: String] = [:]
    /// The sessions by their monitors.
    private(set) var monitors: [ProcessIdentity: String] = [:]
    private var added = 0
    /// The entries that have reported, in the order they became known; nil after a change.
    private var listed: [Entry]?

    /// Adds the processes of a row of this host.
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

    /// The live sessions that have reported, in the order they became known.
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
    /// - Parameter hasEnded: whether the process behind `held` has ended; nil without a descriptor.
    fileprivate func isAlive(_ hasEnded: Bool?) -> Bool {
        if let hasEnded { return !hasEnded }
        // Without a descriptor: the process or, until it is known, its monitor.
        return (process ?? monitor).map { Observation.of($0, at: .current) == .alive } ?? false
    }
}
