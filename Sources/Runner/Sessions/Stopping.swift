import Processes
import RunnerStore

/// What to do to stop a session.
enum StopPlan: Equatable {
    /// Nothing: its end is recorded.
    case alreadyGone
    /// Nothing: it cannot be verified from here.
    case leave
    /// Withdraw its launch, which no monitor has claimed.
    case withdraw
    case end

    init(_ session: SessionRecord, _ standing: Standing) {
        if session.exit != nil || session.endedAt != nil {
            self = .alreadyGone
        } else {
            switch standing {
            case .elsewhere: self = .leave
            case .unclaimed: self = .withdraw
            case .launching, .lost, .alive, .closing, .over, .stale: self = .end
            }
        }
    }
}

/// The processes of a session: the descendants of its monitor and of its process and, if its monitor was
/// killed, the processes that carry its launch id. Except for runners, the monitors of other sessions and
/// their descendants: a runner may have been started from inside the session.
struct SessionTree: Sendable {
    let session: SessionRecord
    /// Identified by their records in the store, never by command line.
    let spared: Set<ProcessIdentity>

    func processes() -> [ProcessIdentity] {
        let tree = ProcessTree.now()
        var roots = [session.launch.process].compactMap { $0 }
        var found = roots
        if let monitor = session.launch.monitor {
            if Observation.of(monitor, at: session.launch.host) == .alive {
                roots.append(monitor)
            } else {
                let strays = Follower.processes(carrying: session.id).filter { stray in
                    !tree.lineage(of: stray.pid).contains(where: spared.contains)
                }
                roots += strays
                found += strays
            }
        }
        return Array(Set(found + tree.descendants(of: roots) { spared.contains($0.identity) }))
    }
}

extension Reading {
    /// The sessions that a user's argument refers to, live ones first: by id, name, unique prefix of an id,
    /// or `PID-<n>` of a live process.
    package func sessions(meant word: String) throws(StoreError) -> [SessionRecord] {
        if word.hasPrefix("PID-"), let pid = Int32(word.dropFirst(4)) {
            return try liveSessions().filter {
                $0.launch.process?.pid == pid && ![.ended, .unverifiable].contains($0.stateNow)
            }
        }
        let named = try sessions(named: word)
        guard named.isEmpty, word.count >= 4 else { return named }
        let begun = try sessions(beginning: word)
        return begun.count == 1 ? begun : []
    }
}
