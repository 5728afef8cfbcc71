import Logging
import Home
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

/// Ends the whole tree of a session.
struct Stopper: Sendable {
    let store: Store
    /// The monitors that the runner knows, and whose each is.
    let monitors: [ProcessIdentity: String]
    let logger: Logger

    /// Runs the stop sequence, and again where nothing was found to stop in a session that goes on: its
    /// monitor may have been about to start it.
    func end(_ id: String, _ known: Live) async -> StopAnswer {
        let deadline = ContinuousClock.now + .seconds(5)
        repeat {
            guard let session = await store.session(id, logger) else { return .stillAlive }
            if session.exit != nil || session.endedAt != nil { return .stopped }
            let tree = SessionTree(session: session, spared: await spared(for: id))
            let left = await StopSequence.standard.run { tree.processes() }
            if !left.isEmpty {
                logger.warning(
                    "processes outlived a stop", metadata: ["session": "\(id)", "pids": "\(left.map(\.pid))"])
                return .stillAlive
            }
            if await known.ended.wait(for: .seconds(1)) != nil { return .stopped }
            // The end may be on its way into a busy store; the process itself decides.
            if await store.session(id, logger)?.stateNow == .ended { return .stopped }
        } while ContinuousClock.now < deadline && !Task.isCancelled
        return .stillAlive
    }

    /// Runners, and the monitors of other sessions.
    func spared(for id: String) async -> Set<ProcessIdentity> {
        var spared: Set = [ProcessTable.current]
        do {
            let runners = try await store.read { store throws(StoreError) in try store.unendedRunners() }
            spared.formUnion(runners.map(\.process))
        } catch {
            logger.error("cannot read which runners there are", metadata: ["error": "\(error)"])
        }
        for (monitor, session) in monitors where session != id { spared.insert(monitor) }
        return spared
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
