import Home
import Logging
import Processes
import RunnerStore

/// Answers a request for a session: judges it, records it with the session, launches the session, and waits
/// for its report.
struct Spawning: Sendable {
    let store: Store
    let runnerID: Int64
    let home: RunnerHome
    let reportTimeout: Duration
    let judge: SpawnJudge
    let launcher: Launcher
    let live: LiveSessions
    let stopper: SessionStopper
    let work: WorkCount
    /// Gets one element per launch: the failure, or nil.
    let results: AsyncStream<SpawnFailure?>.Continuation
    let logger: Logger

    /// Returns the recorded answer of a repeated request; otherwise carries out the request and records its
    /// answer.
    func answer(to request: SpawnRequest) async -> SpawnAnswer {
        do {
            let earlier = try await store.read { connection throws(StoreError) in
                try connection.spawnRequest(request.id)
            }
            if let earlier { return await answer(to: earlier, for: request) }
        } catch {
            return .failed("nothing was started: \(error)")
        }
        let answer = await carryOut(request)
        // The transaction of the report has recorded this answer.
        if case .started = answer { return answer }
        // Don't block the caller on a locked store; retry in the background.
        if await !record(answer, to: request.id, patience: .seconds(1)) {
            work.later { await self.record(answer, to: request.id, patience: .seconds(600)) }
        }
        return answer
    }

    @discardableResult
    private func record(_ answer: SpawnAnswer, to id: String, patience: Duration) async -> Bool {
        do {
            try await store.write(patience: patience) { connection throws(StoreError) in
                try connection.answerSpawnRequest(id, answer.kind, error: answer.error, at: .now)
            }
            return true
        } catch {
            logger.error("cannot record an answer", metadata: ["request": "\(id)", "error": "\(error)"])
            return false
        }
    }

    private func carryOut(_ request: SpawnRequest) async -> SpawnAnswer {
        do {
            switch try await judge.verdict(on: request) {
            case .interrupted: return .failed("nothing was started: the runner is stopping")
            case .turnDown(let refusal): return await turnDown(request, refusal)
            case .carryOut(let directory, let preparation):
                return await start(request, in: directory, preparation)
            }
        } catch {
            return .failed("nothing was started: \(error)")
        }
    }

    /// Records a request that starts nothing, with its answer.
    private func turnDown(_ request: SpawnRequest, _ refusal: SpawnVerdict.TurnDown) async -> SpawnAnswer {
        do {
            try await store.write { store throws(StoreError) in try store.turnDown(request, refusal) }
            return refusal.answer
        } catch {
            return .failed("\(error)")
        }
    }

    private func refuse(_ request: SpawnRequest, _ reason: String) async -> SpawnAnswer {
        await turnDown(request, .init(answer: .refused(reason)))
    }

    /// Records the session and launches it, or waits until the previous session with this HAPI id has ended.
    private func start(
        _ request: SpawnRequest, in directory: String, _ preparation: Preparation
    ) async -> SpawnAnswer {
        let (id, runnerID) = (newID(), runnerID)
        let session = SessionRecord(
            id: id, runnerID: runnerID, origin: .runner, agent: request.agent.rawValue, directory: directory,
            logPath: home.sessionLog(id), requestedSessionID: request.requestedSessionID, createdAt: .now,
            launch: LaunchRecord(phase: .requested, host: .current))
        do {
            for _ in 0..<3 {
                let recording = try await store.write { store throws(StoreError) in
                    try store.record(request, for: session, preparation, by: runnerID)
                }
                switch recording {
                case .new(let session, let preparation):
                    return await launch(request, session, preparation)
                case .owned(let owner): return await outcome(ofOther: owner.id, for: request)
                case .nameless: return await refuse(request, "\(Worktrees.noFreeName)")
                case .named(let name):
                    return await refuse(request, "a live session is already called \(name)")
                case .elsewhere(let owner):
                    return await refuse(
                        request, owner.refusalElsewhere(of: session.requestedSessionID ?? "", request.source))
                case .ending(let owner):
                    let known = await live.knowledge(of: owner.id)
                    await live.watch(owner.id)
                    _ = await known.ended.wait(for: .seconds(5))
                }
            }
            return .failed("the previous session has ended, but its end cannot be recorded")
        } catch {
            return .failed("nothing was started, because it could not be recorded: \(error)")
        }
    }

    /// Prepares a recorded session and starts its monitor. Answers when the session has reported, ended, or
    /// not reported in time.
    private func launch(
        _ request: SpawnRequest, _ session: SessionRecord, _ preparation: Preparation
    ) async -> SpawnAnswer {
        CrashPoint.reached("spawn-recorded")
        let known = await live.knowledge(of: session.id)
        // Whether the worktree exists and belongs to this session.
        var hasWorktree = false
        let answer: SpawnAnswer
        do {
            let (session, preparation) = try await launcher.makeReady(session, preparation)
            if case .worktree = preparation { hasWorktree = true }
            let launch = try await launcher.launch(session, preparation, for: request)
            await live.watch(session.id, launch: launch)
            answer = await outcome(of: session, known, for: request)
            CrashPoint.reached("spawn-answered")
        } catch {
            answer = await giveUp(session.id, because: error)
        }
        if case .failed = answer, hasWorktree { await launcher.removeWorktree(of: session.id) }
        await tellHub(answer, known, session.id)
        return answer
    }

    /// Withdraws a failed launch.
    private func giveUp(_ id: String, because error: any Error) async -> SpawnAnswer {
        logger.error("cannot launch", metadata: ["session": "\(id)", "error": "\(error)"])
        // Don't block the caller on a locked store; retry the withdrawal in the background.
        if await stopper.withdraw(id, because: "\(error)", patience: .seconds(5)) == .unknown {
            work.later { await stopper.withdraw(id, because: "\(error)") }
        }
        return .failed("\(error)")
    }

    /// The answer to a repeated request.
    private func answer(
        to earlier: SpawnRequestRecord, for request: SpawnRequest
    ) async -> SpawnAnswer {
        let session: SessionRecord? =
            if let id = earlier.sessionID { await store.row(of: id, logger) } else { nil }
        if let answer = earlier.answer(session) { return answer }
        guard let session else { return .failed("the same request is still being answered") }
        return await outcome(ofOther: session.id, for: request)
    }

    /// Waits for a session to report. The hub's requests are answered within 25 s of their arrival, because it
    /// waits for 30 s.
    private func outcome(
        of session: SessionRecord, _ known: LiveSessions.Live, for request: SpawnRequest
    ) async -> SpawnAnswer {
        // Preparing the session has used up some of the hub's time.
        let left = request.source == .hub ? request.arrival + .seconds(25) - .now : reportTimeout
        let patience = max(.zero, min(reportTimeout, left))
        switch await known.news.wait(for: patience) {
        case .reported(let happyID):
            return .started(happySessionID: happyID)
        case .ended(let exit):
            let output = await lastOutput(of: session)
            return .failed("the session process ended before it reported: \(exit.summary)\(output)")
        case nil:
            let pid = await store.row(of: session.id, logger)?.launch.process?.pid
            let name = pid.map { "session process \($0)" } ?? "session \(session.id)"
            let advice = request.source == .hub ? "" : ", and `hapi runner list` shows it"
            let cause = pid.flatMap(ProcessTable.otherUser).map {
                "; its process now runs as user \($0), and only the runner's user and root may report"
            }
            let output = await lastOutput(of: session)
            return .late(
                "\(name) has not reported within \(patience)\(cause ?? ""); it is still starting\(advice)"
                    + output)
        }
    }

    /// Waits for a session that another request has started. The waiter is registered before the row is read,
    /// so that an end in between is not missed. A session that is only requested is being launched, and
    /// followed from then on.
    private func outcome(ofOther id: String, for request: SpawnRequest) async -> SpawnAnswer {
        let known = await live.knowledge(of: id)
        guard let session = await store.row(of: id, logger) else {
            await live.watch(id)
            return .failed("its session is not on record")
        }
        if let happyID = session.happySessionID { return .started(happySessionID: happyID) }
        if session.launch.phase != .requested || session.endedAt != nil { await live.watch(id) }
        return await outcome(of: session, known, for: request)
    }

    /// A suffix for an answer; empty if the session has printed nothing.
    private func lastOutput(of session: SessionRecord) async -> String {
        let path = session.logPath ?? ""
        let output = await BlockingWork.run { logTail(of: path, characters: 800) } ?? ""
        return output.isEmpty ? "" : ". Its last output: \(output)"
    }

    private func tellHub(_ answer: SpawnAnswer, _ known: LiveSessions.Live, _ id: String) async {
        guard let message = answer.error else {
            _ = results.yield(nil)
            return
        }
        let pid = await store.row(of: id, logger)?.launch.process?.pid
        results.yield(SpawnFailure(message: message, exit: known.ended.value?.reason, pid: pid))
    }
}
