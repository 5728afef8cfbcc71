import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import RunnerStore

extension SessionSupervisor {
    /// What is to be done about the session's directory before it is launched.
    enum Preparation: Sendable {
        case existing
        case create(by: String)
        case worktree(WorktreePlan)
    }

    /// Makes what a recorded session needs and starts its monitor; answers when the session has reported,
    /// ended, or not reported in time.
    func launch(
        _ request: SpawnRequest, _ session: SessionRecord, _ preparation: Preparation
    ) async -> SpawnAnswer {
        CrashPoint.reached("spawn-recorded")
        let known = knowledge(of: session.id)
        do {
            let directory = try await prepare(session, preparation)
            CrashPoint.reached("spawn-prepared")
            let spec = try await spec(for: request, session, preparation)
            // A stop may have come while git was at work: the monitor then finds nothing to claim.
            let launch = try await LaunchInProgress.start(spec, in: directory)
            CrashPoint.reached("spawn-launched")
            watch(Watch(id: session.id, launch: launch))
        } catch {
            logger.error("cannot launch", metadata: ["session": "\(session.id)", "error": "\(error)"])
            // Whoever waits is not kept waiting for a locked store: there it is withdrawn later.
            if await withdraw(session.id, because: "\(error)", patience: .seconds(5)) == .unknown {
                later { await self.withdraw(session.id, because: "\(error)") }
            }
            await cleanUp(after: session.id)
            let answer = SpawnAnswer.failed("\(error)")
            await tellHub(answer, known, session.id)
            return answer
        }
        let answer = await outcome(of: session, known, for: request)
        CrashPoint.reached("spawn-answered")
        if case .failed = answer { await cleanUp(after: session.id) }
        await tellHub(answer, known, session.id)
        return answer
    }

    /// Makes what the session needs, and opens where it will work.
    private func prepare(_ session: SessionRecord, _ preparation: Preparation) async throws
        -> WorkingDirectory
    {
        if case .worktree(let plan) = preparation { try await worktrees.create(plan, in: roots) }
        let isMissing = if case .create = preparation { true } else { false }
        let roots = roots
        let opened = await BlockingWork.run {
            Result { () throws(DirectoryError) in
                isMissing
                    ? try WorkingDirectory.create(session.directory, in: roots)
                    : try WorkingDirectory(session.directory, in: roots)
            }
        }
        guard let opened else { throw DirectoryError(description: "the runner is stopping") }
        return try opened.get()
    }

    /// Removes the worktree of a session that never worked in it and whose process is dead.
    private func cleanUp(after id: String) async {
        do {
            let worktree = try await store.read { connection throws(StoreError) in
                try connection.session(id)?.exit == nil ? nil : try connection.worktree(of: id)
            }
            guard let worktree else { return }
            if let reason = await worktrees.removeIfSafe(worktree) {
                return logger.warning(
                    "a worktree is left behind", metadata: ["session": "\(id)", "why": "\(reason)"])
            }
            try await store.write { connection throws(StoreError) in
                try connection.markWorktreeRemoved(id, at: .now)
            }
        } catch {
            logger.warning("a worktree is left behind", metadata: ["session": "\(id)", "error": "\(error)"])
        }
    }

    private func spec(
        for request: SpawnRequest, _ session: SessionRecord, _ preparation: Preparation
    ) async throws -> LaunchSpec {
        var own = try secrets.place(request.parameters.token, for: request.agent, session: session.id)
        guard let searchPath = await self.searchPath.wait() else {
            throw DirectoryError(description: "the runner is stopping")
        }
        if let searchPath { own[.path] = searchPath }
        if case .worktree(let plan) = preparation {
            own.merge(plan.environment(createdAt: session.createdAt)) { _, new in new }
        }
        let cursorWorktree =
            if request.agent == .cursor && request.parameters.sessionType == "worktree" {
                await !worktrees.isLinked(session.directory)
            } else { false }
        return LaunchSpec(
            launchID: session.id, storePath: home.store, logPath: home.sessionLog(session.id),
            directory: session.directory, program: program,
            arguments: [program]
                + AgentCommand.arguments(request.agent, request.parameters, cursorWorktree: cursorWorktree),
            environment: SessionEnvironment.variables(
                inherited: inheritedEnvironment, home: home.path, launchID: session.id,
                directory: session.directory, own: own))
    }

    /// Waits for a session to report. The hub itself waits for no more than 30 s.
    func outcome(
        of session: SessionRecord, _ known: Live, for request: SpawnRequest
    ) async -> SpawnAnswer {
        // The hub has waited since the request arrived.
        let left = request.source == .hub ? request.arrival + .seconds(25) - .now : reportTimeout
        let patience = max(.zero, min(reportTimeout, left))
        switch await known.news.wait(for: patience) {
        case .reported(let happyID):
            return .started(happySessionID: happyID)
        case .ended(let exit):
            let path = session.logPath ?? ""
            let output = await BlockingWork.run { logTail(of: path, characters: 800) } ?? ""
            let tail = output.isEmpty ? "" : ". Its last output: \(output)"
            return .failed("the session process ended before it reported: \(exit.summary)\(tail)")
        case nil:
            let pid = await record(session.id)?.launch.process?.pid
            let name = pid.map { "session process \($0)" } ?? "session \(session.id)"
            return .late(
                "\(name) has not reported within \(patience); it goes on starting, and `hapi runner list` shows it"
            )
        }
    }

    /// Waits for a session that another request has started. Whoever waits must hear of an end, even of one
    /// that came while the row was read. What is only requested is still being launched, by who has it
    /// followed then.
    func outcome(ofOther id: String, for request: SpawnRequest) async -> SpawnAnswer {
        let known = knowledge(of: id)
        guard let session = await record(id) else {
            watch(Watch(id: id))
            return .failed("its session is not on record")
        }
        if let happyID = session.happySessionID { return .started(happySessionID: happyID) }
        if session.launch.phase != .requested || session.endedAt != nil { watch(Watch(id: id)) }
        return await outcome(of: session, known, for: request)
    }

    private func tellHub(_ answer: SpawnAnswer, _ known: Live, _ id: String) async {
        guard let message = answer.error else {
            _ = spawnResults.yield(nil)
            return
        }
        let pid = await record(id)?.launch.process?.pid
        spawnResults.yield(SpawnFailure(message: message, exit: known.ended.value?.reason, pid: pid))
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
