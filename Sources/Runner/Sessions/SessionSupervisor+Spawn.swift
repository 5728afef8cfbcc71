import Glibc
import HubProtocol
import RunnerStore

extension SessionSupervisor {
    /// What the transaction of a spawn found.
    private enum Recorded: Sendable {
        case new(SessionRecord)
        /// The same request was made before.
        case repeated(SpawnRequestRecord)
        /// The HAPI session has a live owner.
        case owned(SessionRecord)
        /// The HAPI session's owner has ended, and its monitor is about to say how.
        case ending(SessionRecord)
    }

    /// Starts a session, or says why not. The answer comes when the session has reported, ended, or
    /// not reported in time.
    public func spawn(_ request: SpawnRequest) async -> SpawnAnswer {
        let answer = await decide(request)
        do {
            try await store.write { connection throws(StoreError) in
                try connection.answerSpawnRequest(request.id, answer.kind, error: answer.error, at: .now)
            }
        } catch {
            logger.error("cannot record an answer", metadata: ["request": "\(request.id)", "error": "\(error)"])
        }
        return answer
    }

    private func decide(_ request: SpawnRequest) async -> SpawnAnswer {
        if let refusal = refusal(of: request.parameters) { return await turnDown(request, .refused(refusal)) }
        guard let directory = roots.admit(absolutePath(request.parameters.directory)) else {
            return await turnDown(request, .refused("Directory is outside this machine's workspace roots"))
        }
        let approved = request.parameters.approvedNewDirectoryCreation
        switch DirectoryVerdict.on(directory, .of(directory), approved: approved) {
        case .refuse(let reason): return await turnDown(request, .refused(reason))
        case .askApproval: return await turnDown(request, .needsApproval(directory: directory))
        case .use: return await carryOut(request, in: directory, creating: false)
        case .create: return await carryOut(request, in: directory, creating: true)
        }
    }

    /// What no session can be started from, whatever the machine is like.
    private func refusal(of parameters: SpawnParameters) -> String? {
        if parameters.directory.isEmpty { return "Directory is required" }
        if parameters.holdsNUL { return "a NUL character cannot be passed on to a session" }
        if !parameters.directory.hasPrefix("/") {
            return "cannot use \(parameters.directory) as a directory: an absolute path is needed"
        }
        if parameters.agent == "gemini" { return "the agent gemini is no longer offered" }
        if parameters.sessionType == "worktree" { return "worktree sessions are not offered by this runner yet" }
        if parameters.token != nil && parameters.agent == Agent.codex.rawValue {
            return "a token for codex is not taken by this runner yet: sign in on the machine"
        }
        return nil
    }

    /// Records a request that starts nothing, with its answer.
    private func turnDown(_ request: SpawnRequest, _ answer: SpawnAnswer) async -> SpawnAnswer {
        let record = request.record(answer)
        do {
            return try await store.write { connection throws(StoreError) in
                if let earlier = try connection.spawnRequest(request.id) { return earlier.answer(nil) ?? answer }
                try connection.insertSpawnRequest(record)
                if case .needsApproval(let directory) = answer {
                    try connection.recordDirectoryDecision(
                        .pending, on: directory, by: request.source, request: request.id, at: .now)
                }
                return answer
            }
        } catch {
            return .failed("\(error)")
        }
    }

    private func carryOut(
        _ request: SpawnRequest, in directory: String, creating: Bool
    ) async -> SpawnAnswer {
        let id = newID()
        let session = SessionRecord(
            id: id, runnerID: runnerID, origin: .runner, agent: request.agent.rawValue, directory: directory,
            logPath: home.sessionLog(id), requestedSessionID: request.requestedSessionID, createdAt: .now,
            launch: LaunchRecord(phase: .requested, host: .current))
        do {
            for _ in 0..<3 {
                switch try await record(request, session, creating: creating) {
                case .new: return await launch(request, session, creating: creating)
                case .repeated(let earlier): return await answer(to: earlier)
                case .owned(let owner): return await outcome(of: owner)
                case .ending(let owner): _ = await knowledge(of: owner.id).ended.wait(for: .seconds(5))
                }
            }
            return .failed("the session that went before has ended, but its end cannot be recorded")
        } catch {
            return .failed("nothing was started, because it could not be recorded: \(error)")
        }
    }

    /// One transaction: the request, the session, the directory decision. Or what stands in the way.
    private func record(
        _ request: SpawnRequest, _ session: SessionRecord, creating: Bool
    ) async throws(StoreError) -> Recorded {
        try await store.write { connection throws(StoreError) in
            if let earlier = try connection.spawnRequest(request.id) { return .repeated(earlier) }
            var record = request.record(nil)
            if let wanted = session.requestedSessionID, let owner = try connection.liveOwner(of: wanted) {
                if owner.stateNow != .ended {
                    record.sessionID = owner.id
                    try connection.insertSpawnRequest(record)
                    return .owned(owner)
                }
                guard try connection.finishIfOver(owner) else { return .ending(owner) }
            }
            record.sessionID = session.id
            try connection.insertSession(session, detail: "by \(request.source.rawValue)")
            try connection.insertSpawnRequest(record)
            if creating {
                try connection.recordDirectoryDecision(
                    .approved, on: session.directory, by: request.source, request: request.id, at: .now)
            }
            return .new(session)
        }
    }

    private func launch(_ request: SpawnRequest, _ session: SessionRecord, creating: Bool) async -> SpawnAnswer {
        CrashPoint.reached("spawn-recorded")
        let known = knowledge(of: session.id)
        do {
            if creating { try createDirectory(session.directory, mode: 0o777) }
            let launch = try LaunchInProgress.start(spec(for: request, session))
            CrashPoint.reached("spawn-launched")
            watch(Watch(id: session.id, launch: launch))
        } catch {
            logger.error("cannot launch", metadata: ["session": "\(session.id)", "error": "\(error)"])
            _ = await withdraw(session.id, because: "\(error)")
            return .failed("\(error)")
        }
        let answer = await outcome(of: session, known)
        await tellHub(answer, known, session.id)
        return answer
    }

    private func spec(for request: SpawnRequest, _ session: SessionRecord) -> LaunchSpec {
        let program = program()
        return LaunchSpec(
            launchID: session.id, storePath: home.store, logPath: home.sessionLog(session.id),
            directory: session.directory, program: program,
            arguments: [program] + AgentCommand.arguments(request.agent, request.parameters),
            environment: SessionEnvironment.variables(
                inherited: inheritedEnvironment, home: home.path, launchID: session.id, agent: request.agent,
                token: request.parameters.token))
    }

    /// The answer to a request that was made before.
    private func answer(to earlier: SpawnRequestRecord) async -> SpawnAnswer {
        let session: SessionRecord? = if let id = earlier.sessionID { await record(id) } else { nil }
        if let answer = earlier.answer(session) { return answer }
        guard let session else { return .failed("the same request is being answered") }
        return await outcome(of: session)
    }

    /// Waits for a session to report.
    private func outcome(of session: SessionRecord, _ known: Live? = nil) async -> SpawnAnswer {
        if let happyID = session.happySessionID { return .started(happySessionID: happyID) }
        let known = known ?? knowledge(of: session.id)
        switch await known.news.wait(for: reportTimeout) {
        case .reported(let happyID):
            return .started(happySessionID: happyID)
        case .ended(let exit):
            let output = logTail(of: session.logPath ?? "", characters: 800)
            let tail = output.isEmpty ? "" : ". Its last output: \(output)"
            return .failed("the session process ended before it reported: \(exit.summary)\(tail)")
        case nil:
            let pid = await record(session.id)?.launch.process?.pid
            let name = pid.map { "session process \($0)" } ?? "session \(session.id)"
            return .late(
                "\(name) has not reported within \(reportTimeout); it goes on starting, and `hapi runner list` shows it")
        }
    }

    private func tellHub(_ answer: SpawnAnswer, _ known: Live, _ id: String) async {
        guard let message = answer.error else { return _ = spawnResults.yield(nil) }
        let pid = await record(id)?.launch.process?.pid
        spawnResults.yield(SpawnFailure(message: message, exit: known.ended.value?.reason, pid: pid))
    }
}

extension SpawnRequest {
    /// The row of this request; pending without an answer.
    fileprivate func record(_ answer: SpawnAnswer?) -> SpawnRequestRecord {
        SpawnRequestRecord(
            id: id, source: source, sessionID: nil, directory: parameters.directory, agent: agent.rawValue,
            requestedAt: .now, outcome: answer?.kind ?? .pending, error: answer?.error)
    }
}

extension SpawnRequestRecord {
    /// The answer this request got; nil while it has none.
    fileprivate func answer(_ session: SessionRecord?) -> SpawnAnswer? {
        switch outcome {
        case .pending: nil
        case .started: session?.happySessionID.map { .started(happySessionID: $0) } ?? .failed("its session is not on record")
        case .late: session?.happySessionID.map { .started(happySessionID: $0) } ?? .late(error ?? "")
        case .needsApproval: .needsApproval(directory: directory)
        case .refused: .refused(error ?? "refused")
        case .failed: .failed(error ?? "failed")
        }
    }
}

/// The end of a log, with runs of white space made one space.
func logTail(of path: String, characters: Int) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    lseek(descriptor, max(0, lseek(descriptor, 0, SEEK_END) - 4 * off_t(characters)), SEEK_SET)
    let text = String(decoding: readToEnd(descriptor) ?? [], as: UTF8.self)
    return String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").suffix(characters))
}
