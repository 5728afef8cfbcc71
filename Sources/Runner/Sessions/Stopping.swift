import Processes
import RunnerStore

/// What a stop does about a session.
enum StopPlan: Equatable {
    /// Its end is on record.
    case alreadyGone
    /// It cannot be seen from here, so it is not touched.
    case leave
    /// No monitor has claimed it: none may any more.
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

/// The processes of a session: what is below its monitor and itself, and, where its monitor was killed, what
/// carries its launch id. Not runners, the monitors of other sessions and what is below them: someone may have
/// started a runner from inside the session.
struct SessionTree: Sendable {
    let session: SessionRecord
    /// Known by the store, never by their words.
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
    /// The sessions that a user's word means, live ones first: an id, a name, the beginning of one that no
    /// other has, or `PID-<n>` of a live process.
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
