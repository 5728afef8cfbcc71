import Home
import Logging
import Processes
import RunnerStore

/// Ends sessions: withdraws unclaimed launches, stops process trees, and ends what an ended session has left.
struct SessionStopper: Sendable {
    let store: Store
    let live: LiveSessions
    let logger: Logger

    /// Stops a live session with all its processes.
    func stop(_ session: SessionRecord, by source: RequestSource) async -> StopAnswer {
        let plan = StopPlan(session, Standing(session, SessionObservation(of: session.launch), at: .now))
        if plan == .alreadyGone {
            return await Leftovers(store: store, logger: logger)
                .stop(of: session.id, sparing: await sparedProcesses(for: session.id))
        }
        if plan == .leave { return .stillAlive }
        do {
            try await store.write(patience: .seconds(2)) { store throws(StoreError) in
                try store.requestStop(session.id, by: source, at: .now)
            }
        } catch {
            // A stop goes ahead even if the store cannot be written.
            logger.error("cannot record a stop", metadata: ["session": "\(session.id)", "error": "\(error)"])
        }
        CrashPoint.reached("stop-recorded")
        if plan == .withdraw {
            let message = "it was stopped before it started"
            switch await withdraw(session.id, because: message, patience: .seconds(2)) {
            case .withdrawn: return .stopped
            case .claimed: break
            case .unknown: return .stillAlive
            }
        }
        let known = await live.knowledge(of: session.id)
        await live.watch(session.id)
        if session.launch.process == nil { _ = await known.launched.wait(for: .seconds(2)) }
        defer { CrashPoint.reached("stop-carried-out") }
        return await end(session.id, known)
    }

    /// Runners and the monitors of other sessions, as far as the store knows them. If it cannot be read, the
    /// stop goes ahead: this runner and the sessions it follows are known without it.
    private func sparedProcesses(for id: String) async -> Set<ProcessIdentity> {
        let known = await live.monitors(butOf: id) + [ProcessTable.current]
        do {
            return try await store.read { store throws(StoreError) in try store.ownProcesses(besides: id) }
                .union(known)
        } catch {
            logger.error("cannot read what a stop spares", metadata: ["error": "\(error)"])
            return Set(known)
        }
    }

    /// Runs the stop sequence. Repeats it if it found no process but the session has not ended, because its
    /// monitor may have been about to start it.
    private func end(_ id: String, _ known: LiveSessions.Live) async -> StopAnswer {
        let deadline = ContinuousClock.now + .seconds(5)
        repeat {
            guard let session = await store.row(of: id, logger) else { return .stillAlive }
            if session.exit != nil || session.endedAt != nil { return .stopped }
            let tree = SessionTree(session: session, spared: await sparedProcesses(for: id))
            let left = await StopSequence.standard.run { tree.processes() }
            if !left.isEmpty {
                logger.warning(
                    "processes outlived a stop", metadata: ["session": "\(id)", "pids": "\(left.map(\.pid))"])
                return .stillAlive
            }
            if await known.ended.wait(for: .seconds(1)) != nil { return .stopped }
            // The exit row may still be waiting for a busy store; a look at the process decides.
            if await store.row(of: id, logger)?.stateNow == .ended { return .stopped }
        } while ContinuousClock.now < deadline && !Task.isCancelled
        return .stillAlive
    }

    /// The outcome of withdrawing a launch.
    enum Withdrawal {
        case withdrawn
        /// A monitor claimed it first.
        case claimed
        /// The store failed.
        case unknown
    }

    /// Ends a launch that no monitor has claimed.
    @discardableResult
    func withdraw(
        _ id: String, because message: String, patience: Duration = .seconds(600)
    ) async -> Withdrawal {
        do {
            let exit = try await store.write(patience: patience) { store throws(StoreError) in
                try store.withdraw(id, because: message)
            }
            guard let exit else { return .claimed }
            await live.noteEnd(of: id, exit)
            return .withdrawn
        } catch {
            logger.error("cannot withdraw a launch", metadata: ["session": "\(id)", "error": "\(error)"])
            return .unknown
        }
    }
}
