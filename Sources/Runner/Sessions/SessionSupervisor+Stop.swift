import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

extension SessionSupervisor {
    /// Stops the session that `name` means: a HAPI session id, a record id, or `PID-<n>`.
    ///
    /// Answered within 15 s. `stopped` only when it is; `alreadyGone` only on recorded evidence; what is unknown, or cannot
    /// be verified from here, is `stillAlive`, as the hub expects (hub contract §6.7).
    package func stop(_ name: String, by source: RequestSource) async -> StopAnswer {
        inProgress += 1
        defer { inProgress -= 1 }
        let matches: [SessionRecord]
        do {
            matches = try await store.read { connection throws(StoreError) in
                try connection.sessions(meant: name)
            }
        } catch {
            logger.error(
                "cannot look up a session to stop", metadata: ["session": "\(name)", "error": "\(error)"])
            return .stillAlive
        }
        guard let session = matches.first else { return .stillAlive }
        if session.endedAt != nil || session.exit != nil { return .alreadyGone }
        return await stop(session, by: source)
    }

    /// Ends the whole tree of a live session.
    func stop(_ session: SessionRecord, by source: RequestSource) async -> StopAnswer {
        let isLost = session.launch.phase == .claimed && session.launch.host.isHere
        if session.stateNow == .unverifiable && !isLost { return .stillAlive }
        do {
            try await store.write(patience: .seconds(2)) { connection throws(StoreError) in
                try connection.requestStop(session.id, by: source, at: .now)
            }
        } catch {
            // A store that cannot be written must not keep anybody from stopping something.
            logger.error("cannot record a stop", metadata: ["session": "\(session.id)", "error": "\(error)"])
        }
        CrashPoint.reached("stop-recorded")
        let known = knowledge(of: session.id)
        if session.launch.phase == .requested {
            let message = "it was stopped before it began"
            switch await withdraw(session.id, because: message, patience: .seconds(2)) {
            case .withdrawn: return .stopped
            case .claimed: break
            case .unknown: return .stillAlive
            }
        }
        watch(Watch(id: session.id))
        if session.launch.process == nil { _ = await known.launched.wait(for: .seconds(2)) }
        return await end(session.id, known)
    }

    private func end(_ id: String, _ known: Live) async -> StopAnswer {
        guard let session = await record(id) else { return .stillAlive }
        if session.exit != nil || session.endedAt != nil { return .stopped }
        let spared = await sparedProcesses(for: session)
        defer { CrashPoint.reached("stop-carried-out") }
        let left = await StopSequence.standard.run { Self.tree(of: session, sparing: spared) }
        if !left.isEmpty {
            logger.warning(
                "processes outlived a stop", metadata: ["session": "\(id)", "pids": "\(left.map(\.pid))"])
            return .stillAlive
        }
        if known.ended.value != nil { return .stopped }
        if await known.ended.wait(for: .seconds(2)) != nil { return .stopped }
        // The end may be on its way into a busy store; the process itself decides.
        return await record(id)?.stateNow == .ended ? .stopped : .stillAlive
    }

    /// The processes of a session: what is below its monitor and itself, and, where its monitor was
    /// killed, what carries its launch id.
    static func tree(of session: SessionRecord, sparing spared: Set<ProcessIdentity>) -> [ProcessIdentity] {
        let tree = ProcessTree.now()
        let isSpared: (ProcessStatus) -> Bool = {
            spared.contains($0.identity) || ProcessTable.isRunner($0.identity.pid)
        }
        var roots = [session.launch.process].compactMap { $0 }
        var found = roots
        if let monitor = session.launch.monitor {
            if Observation.of(monitor, at: session.launch.host) == .alive {
                roots.append(monitor)
            } else {
                let strays = processes(carrying: session.id).filter { stray in
                    !tree.lineage(of: stray.pid).contains {
                        spared.contains($0) || ProcessTable.isRunner($0.pid)
                    }
                }
                roots += strays
                found += strays
            }
        }
        return Array(Set(found + tree.descendants(of: roots, sparing: isSpared)))
    }

    /// This runner, and the monitors of all other sessions: they may stand below the session, because
    /// someone may have started the runner from inside it.
    private func sparedProcesses(for session: SessionRecord) async -> Set<ProcessIdentity> {
        var spared: Set<ProcessIdentity> = [ProcessTable.current]
        do {
            let live = try await store.read { connection throws(StoreError) in try connection.liveSessions() }
            spared.formUnion(live.filter { $0.id != session.id }.compactMap(\.launch.monitor))
        } catch {
            logger.error("cannot read the other sessions", metadata: ["error": "\(error)"])
        }
        return spared
    }
}

extension StoreConnection {
    /// The sessions that a user's word means, live ones first: an id, the beginning of one that no
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
