import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import RunnerStore

extension SessionSupervisor {

    /// What the transaction of a spawn found.
    private enum Recorded: Sendable {
        case new(SessionRecord, Preparation)
        /// Every name for its worktree was taken by others in the meantime.
        case nameless
        /// The HAPI session has a live owner.
        case owned(SessionRecord)
        /// The HAPI session's owner has ended, and its monitor is about to say how.
        case ending(SessionRecord)
        /// The HAPI session's owner was recorded on another machine or in another container.
        case elsewhere(SessionRecord)
        /// A live session has the name that was asked for.
        case named(String)
    }

    /// The hub waits for 30 s (hub contract §6).
    private static let hubPatience = Duration.seconds(28)

    /// Starts a session, or says why not. The answer comes when the session has reported, ended, or
    /// not reported in time; to the hub within 28 s in any case.
    package func spawn(_ request: SpawnRequest) async -> SpawnAnswer {
        guard request.id.utf8.count <= ControlMessages.longestID else {
            return .refused("the request's id is longer than \(ControlMessages.longestID) bytes")
        }
        let spawn = spawns[request.id] ?? begin(request)
        let inTime = await withTaskCancellationHandler {
            request.source == .hub
                ? await spawn.answered.wait(for: Self.hubPatience) : await spawn.answered.wait()
        } onCancel: {
            spawn.work.cancel()
        }
        if let inTime { return inTime }
        if Task.isCancelled { return await spawn.work.value }
        // Only the hub does not wait: nothing that a shell is needed for.
        return .late("the session is not ready within \(Self.hubPatience); it goes on starting")
    }

    /// Begins to answer, in a task of its own: git may be at work for longer than the hub waits, and goes
    /// on then.
    private func begin(_ request: SpawnRequest) -> SpawnInProgress {
        beginWork()
        let answered = OneShot<SpawnAnswer>()
        let work = Task {
            let answer = await answer(to: request)
            answered.set(answer)
            endWork()
            spawns[request.id] = nil
            return answer
        }
        let spawn = SpawnInProgress(answered: answered, work: work)
        spawns[request.id] = spawn
        return spawn
    }

    /// A request that was made before has its answer already; any other gets one, on record.
    private func answer(to request: SpawnRequest) async -> SpawnAnswer {
        do {
            let earlier = try await store.read { connection throws(StoreError) in
                try connection.spawnRequest(request.id)
            }
            if let earlier { return await answer(to: earlier, for: request) }
        } catch {
            return .failed("nothing was started: \(error)")
        }
        let answer = await decide(request)
        // The report that brought it has recorded it.
        if case .started = answer { return answer }
        // Whoever waits is not kept waiting for a locked store: there it is recorded later.
        if await !record(answer, to: request.id, patience: .seconds(1)) {
            later { await self.record(answer, to: request.id, patience: .seconds(600)) }
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

    private static let interrupted = SpawnAnswer.failed("nothing was started: the runner is stopping")

    private func decide(_ request: SpawnRequest) async -> SpawnAnswer {
        if let refusal = request.parameters.refusal { return await turnDown(request, .refused(refusal)) }
        let (roots, wanted) = (roots, normalizedPath(request.parameters.directory))
        guard let admitted = await BlockingWork.run({ roots.admit(wanted) }) else { return Self.interrupted }
        guard let directory = admitted else {
            return await turnDown(request, .refused(WorkspaceRoots.outside))
        }
        do {
            if request.wantsWorktree { return try await decideOnWorktree(request, of: directory) }
            guard let state = await BlockingWork.run({ DirectoryState.of(directory) }) else {
                return Self.interrupted
            }
            let verdict = DirectoryVerdict.on(
                directory, state,
                approved: request.parameters.approvedNewDirectoryCreation,
                standing: try await standingDecision(on: directory), policy: directoryPolicy,
                source: request.source)
            switch verdict {
            case .refuse(let reason): return await turnDown(request, .refused(reason))
            case .askApproval: return await turnDown(request, .needsApproval(directory: directory))
            case .deny(let who): return await deny(request, directory, who)
            case .use: return await carryOut(request, in: directory, .existing)
            case .create(let who): return await carryOut(request, in: directory, .create(by: who))
            }
        } catch {
            return .failed("nothing was started: \(error)")
        }
    }

    /// A worktree is made on the word of whoever asks for it; a standing no holds for it too.
    private func decideOnWorktree(
        _ request: SpawnRequest, of directory: String
    ) async throws(StoreError) -> SpawnAnswer {
        let plan: WorktreePlan
        do {
            plan = try await worktrees.plan(for: directory, hint: request.parameters.worktreeName, in: roots)
        } catch {
            return await turnDown(request, .refused(error.description))
        }
        let verdict = DirectoryVerdict.on(
            plan.path, .missing, approved: true, standing: try await standingDecision(on: plan.path),
            policy: directoryPolicy, source: request.source)
        if case .deny(let who) = verdict { return await deny(request, plan.path, who) }
        return await carryOut(request, in: plan.directory, .worktree(plan))
    }

    private func standingDecision(on directory: String) async throws(StoreError) -> DirectoryDecision? {
        // On the way to the end it does not matter any more.
        let resolved = await BlockingWork.run { resolvedPath(directory) } ?? directory
        return try await store.read { connection throws(StoreError) in
            try connection.standingDecision(on: resolved)
        }
    }

    private func deny(_ request: SpawnRequest, _ directory: String, _ who: String) async -> SpawnAnswer {
        let reason = "cannot use \(directory): it does not exist, and creating it is denied (\(who))"
        return await turnDown(request, .refused(reason), denied: (directory, who))
    }

    /// Records a request that starts nothing, with its answer.
    private func turnDown(
        _ request: SpawnRequest, _ answer: SpawnAnswer, denied: (directory: String, by: String)? = nil
    ) async -> SpawnAnswer {
        let record = request.record(answer)
        do {
            return try await store.write { connection throws(StoreError) in
                try connection.insertSpawnRequest(record)
                if case .needsApproval(let directory) = answer {
                    try connection.recordDirectoryDecision(
                        request.decision(.pending, on: directory), at: .now)
                }
                if let denied {
                    try connection.recordDirectoryDecision(
                        request.decision(.denied, on: denied.directory, by: denied.by), at: .now)
                }
                return answer
            }
        } catch {
            return .failed("\(error)")
        }
    }

    private func carryOut(
        _ request: SpawnRequest, in directory: String, _ preparation: Preparation
    ) async -> SpawnAnswer {
        let id = newID()
        let session = SessionRecord(
            id: id, runnerID: runnerID, origin: .runner, agent: request.agent.rawValue, directory: directory,
            logPath: home.sessionLog(id), requestedSessionID: request.requestedSessionID, createdAt: .now,
            launch: LaunchRecord(phase: .requested, host: .current))
        do {
            for _ in 0..<3 {
                switch try await record(request, session, preparation) {
                case .new(let session, let preparation):
                    return await launch(request, session, preparation)
                case .nameless: return await turnDown(request, .refused("\(Worktrees.noFreeName)"))
                case .owned(let owner): return await outcome(ofOther: owner.id, for: request)
                case .elsewhere(let owner):
                    let advice = " If it is gone, say so: hapi runner mark-ended \(owner.id)"
                    let reason =
                        "session \(session.requestedSessionID ?? "") is recorded as live on another machine or in "
                        + "another container; nothing can be known about it here."
                        + (request.source == .hub ? "" : advice)
                    return await turnDown(request, .refused(reason))
                case .named(let name):
                    return await turnDown(request, .refused("a live session is called \(name) already"))
                case .ending(let owner):
                    let known = knowledge(of: owner.id)
                    watch(Watch(id: owner.id))
                    _ = await known.ended.wait(for: .seconds(5))
                }
            }
            return .failed("the session that went before has ended, but its end cannot be recorded")
        } catch {
            return .failed("nothing was started, because it could not be recorded: \(error)")
        }
    }

    /// One transaction: the request, the session, what is to be made for it. Or what stands in the way.
    private func record(
        _ request: SpawnRequest, _ session: SessionRecord, _ preparation: Preparation
    ) async throws(StoreError) -> Recorded {
        let runnerID = runnerID
        return try await store.write { connection throws(StoreError) in
            var record = request.record(nil)
            if let wanted = session.requestedSessionID, let owner = try connection.liveOwner(of: wanted) {
                guard owner.launch.host.isHere else { return .elsewhere(owner) }
                if owner.stateNow != .ended {
                    record.sessionID = owner.id
                    if owner.happySessionID != nil { record.outcome = .started }
                    try connection.insertSpawnRequest(record)
                    return .owned(owner)
                }
                guard case .over? = try connection.settleNow(owner, by: runnerID) else {
                    return .ending(owner)
                }
            }
            var (session, preparation) = (session, preparation)
            if case .worktree(let plan) = preparation {
                guard let plan = try connection.unclaimed(plan) else { return .nameless }
                session.directory = plan.directory
                preparation = .worktree(plan)
            }
            record.sessionID = session.id
            let wanted = request.parameters.name ?? SessionName.derived(from: session.directory)
            session.name = try connection.freeName(like: wanted)
            if let asked = request.parameters.name, asked != session.name { return .named(asked) }
            try connection.insertSession(session, detail: "by \(request.source.rawValue)")
            if let options = SpawnOptions.text(request.parameters) {
                try connection.recordEvent(
                    session.id, SpawnOptions.event, detail: options, at: session.createdAt)
            }
            try connection.insertSpawnRequest(record)
            switch preparation {
            case .existing: break
            case .create(let who):
                try connection.recordDirectoryDecision(
                    request.decision(.approved, on: session.directory, by: who), at: .now)
            case .worktree(let plan):
                try connection.insertWorktree(plan.record(for: session.id, at: session.createdAt))
            }
            return .new(session, preparation)
        }
    }

    /// The answer to a request that was made before.
    private func answer(
        to earlier: SpawnRequestRecord, for request: SpawnRequest
    ) async -> SpawnAnswer {
        let session: SessionRecord? = if let id = earlier.sessionID { await record(id) } else { nil }
        if let answer = earlier.answer(session) { return answer }
        guard let session else { return .failed("the same request is being answered") }
        return await outcome(ofOther: session.id, for: request)
    }
}

extension SpawnRequest {
    /// Cursor makes its worktrees itself.
    fileprivate var wantsWorktree: Bool { parameters.sessionType == "worktree" && agent != .cursor }

    fileprivate func decision(
        _ decision: DirectoryDecision, on directory: String, by who: String? = nil
    ) -> DirectoryDecisionRecord {
        DirectoryDecisionRecord(
            directory: directory, decision: decision, decidedBy: who,
            decidedAt: decision == .pending ? nil : .now,
            spawnRequestID: id, isStanding: false)
    }

    /// The row of this request; pending without an answer. Of a directory that no path can name, its
    /// beginning.
    fileprivate func record(_ answer: SpawnAnswer?) -> SpawnRequestRecord {
        let directory = Substring(parameters.directory.utf8.prefix(Int(PATH_MAX)))
        return SpawnRequestRecord(
            id: id, source: source, sessionID: nil, directory: String(directory), agent: agent.rawValue,
            requestedAt: .now, outcome: answer?.kind ?? .pending, error: answer?.error)
    }
}

extension SpawnRequestRecord {
    /// The answer this request got; nil while it has none.
    fileprivate func answer(_ session: SessionRecord?) -> SpawnAnswer? {
        switch outcome {
        case .pending: nil
        case .started:
            session?.happySessionID.map { .started(happySessionID: $0) }
                ?? .failed("its session is not on record")
        case .late: session?.happySessionID.map { .started(happySessionID: $0) } ?? .late(error ?? "")
        case .needsApproval: .needsApproval(directory: directory)
        case .refused: .refused(error ?? "refused")
        case .failed: .failed(error ?? "failed")
        }
    }
}
