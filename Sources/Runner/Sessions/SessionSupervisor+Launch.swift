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
        var (session, preparation) = (session, preparation)
        // Whether there is a worktree, and it is this session's.
        var hasWorktree = false
        do {
            if case .worktree(let plan) = preparation {
                let made = try await makeWorktree(plan, for: session)
                hasWorktree = true
                session.directory = made.directory
                preparation = .worktree(made)
            }
            let directory = try await open(session, preparation)
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
                let id = session.id
                later { await self.withdraw(id, because: "\(error)") }
            }
            if hasWorktree { await removeWorktree(of: session.id) }
            let answer = SpawnAnswer.failed("\(error)")
            await tellHub(answer, known, session.id)
            return answer
        }
        let answer = await outcome(of: session, known, for: request)
        CrashPoint.reached("spawn-answered")
        if case .failed = answer, hasWorktree { await removeWorktree(of: session.id) }
        await tellHub(answer, known, session.id)
        return answer
    }

    /// Opens where the session will work, made first where that is wanted.
    private func open(_ session: SessionRecord, _ preparation: Preparation) async throws -> WorkingDirectory {
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
            let output = await lastOutput(of: session)
            return .failed("the session process ended before it reported: \(exit.summary)\(output)")
        case nil:
            let pid = await record(session.id)?.launch.process?.pid
            let name = pid.map { "session process \($0)" } ?? "session \(session.id)"
            let advice = request.source == .hub ? "" : ", and `hapi runner list` shows it"
            let output = await lastOutput(of: session)
            return .late(
                "\(name) has not reported within \(patience); it goes on starting\(advice)\(output)")
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

    /// For the end of an answer; empty where it has printed nothing.
    private func lastOutput(of session: SessionRecord) async -> String {
        let path = session.logPath ?? ""
        let output = await BlockingWork.run { logTail(of: path, characters: 800) } ?? ""
        return output.isEmpty ? "" : ". Its last output: \(output)"
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
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    lseek(descriptor, max(0, lseek(descriptor, 0, SEEK_END) - 4 * off_t(characters)), SEEK_SET)
    let text = String(decoding: readToEnd(descriptor) ?? [], as: UTF8.self)
    return String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").suffix(characters))
}
