import Glibc
import Home
import Logging
import Processes
import RunnerStore

/// Decides about sessions. The daemon's only writer of their rows.
///
/// The control server, the hub connection and the heartbeat call it; it calls the store and acts on
/// processes. A row is written before the effect it describes.
package actor SessionSupervisor {
    /// A spawn request that is being answered. A repetition of it waits for the same answer.
    private struct SpawnInProgress {
        let answered: OneShot<SpawnAnswer>
        let work: Task<SpawnAnswer, Never>
    }

    private let store: Store
    private let runnerID: Int64
    private let home: RunnerHome
    private let secrets: AgentSecrets
    private let live: LiveSessions
    private let stopper: SessionStopper
    private let spawning: Spawning
    private let work = WorkCount()
    private let logger: Logger
    /// Keyed by the bytes of the request id, because `String` considers some different ids equal.
    private var spawns: [[UInt8]: SpawnInProgress] = [:]
    /// One element per launch: the failure, or nil.
    package nonisolated let spawnFailures: AsyncStream<SpawnFailure?>
    /// The ids of sessions that have ended.
    nonisolated let ends: AsyncStream<String>

    init(
        store: Store, runnerID: Int64, configuration: Configuration, roots: WorkspaceRoots,
        directoryPolicy: DirectoryPolicy, searchPath: OneShot<String?>, logger: Logger
    ) {
        self.store = store
        self.runnerID = runnerID
        self.home = configuration.home
        self.logger = logger
        secrets = AgentSecrets(home: home)
        live = LiveSessions(store: store, runnerID: runnerID, secrets: secrets, work: work, logger: logger)
        ends = live.ends
        stopper = SessionStopper(store: store, live: live, logger: logger)
        let worktrees = Worktrees(
            environment: configuration.environment, patience: configuration.worktreePatience)
        let judge = SpawnJudge(
            store: store, roots: roots, worktrees: worktrees, policy: directoryPolicy,
            environment: configuration.environment)
        let launcher = Launcher(
            store: store, home: home, roots: roots, worktrees: worktrees, secrets: secrets,
            program: configuration.sessionProgram ?? ProgramFile.current.path, searchPath: searchPath,
            inheritedEnvironment: configuration.environment, logger: logger)
        let (failures, results) = AsyncStream<SpawnFailure?>.makeStream(bufferingPolicy: .bufferingNewest(16))
        spawnFailures = failures
        spawning = Spawning(
            store: store, runnerID: runnerID, home: home, reportTimeout: configuration.reportTimeout,
            judge: judge, launcher: launcher, live: live, stopper: stopper, work: work, results: results,
            logger: logger)
    }

    /// Follows sessions until cancelled. The sessions keep running.
    nonisolated func run() async { await live.run() }

    // MARK: Adoption

    /// Adopts what earlier lives of the runner left: observes every recorded process, decides about each
    /// session, records it all in one transaction, and follows the live ones.
    func adopt() async throws(StoreError) -> Adoption {
        let sessions = try await store.read { store throws(StoreError) in try store.liveSessions() }
        let seen = await Adoption.observe(sessions)
        CrashPoint.reached("adoption-observed")
        let runnerID = runnerID
        let adoption = try await store.write { store throws(StoreError) in
            try store.adoptAll(seen, by: runnerID)
        }
        let kept = adoption.adopted + adoption.waiting
        let remaining = Set((kept + adoption.left).map(\.id))
        for id in secrets.sessions() where !remaining.contains(id) { secrets.remove(session: id) }
        for session in kept { await live.take(session) }
        try await removeSockets()
        return adoption
    }

    /// Removes the sockets of sessions that were killed.
    private func removeSockets() async throws(StoreError) {
        let ids = home.sessionsWithSockets
        guard !ids.isEmpty else { return }
        let ended = try await store.read { store throws(StoreError) in
            var ended: [String] = []
            for id in ids where try store.session(id)?.endedAt != nil { ended.append(id) }
            return ended
        }
        for id in ended { unlink(home.socket(of: id)) }
    }

    /// Continues the stops that the last life of the runner had begun.
    nonisolated func resumeStops(_ adoption: Adoption) async {
        await withDiscardingTaskGroup { group in
            for (id, source) in adoption.stops {
                group.addTask { [store, stopper, logger] in
                    guard let session = await store.row(of: id, logger) else { return }
                    _ = await stopper.stop(session, by: source)
                }
            }
        }
    }

    /// Resumes conversations that a reboot interrupted, each in a new session.
    func resume(_ sessions: [SessionRecord]) async {
        for session in sessions {
            // If its options cannot be read, a spawn cannot be recorded either, and fails with the reason.
            let kept = try? await store.read { store throws(StoreError) in try store.options(of: session) }
            let answer = await spawn(SpawnRequest(resuming: session, as: kept))
            logger.notice(
                "resumed after the restart of the machine",
                metadata: ["session": "\(session.id)", "answer": "\(answer)"])
        }
    }

    // MARK: Requests

    /// Below the 30 s that the hub waits (hub contract §6).
    private static let hubPatience = Duration.seconds(28)

    /// Starts a session. Answers when it has reported, ended, or not reported in time; the hub is answered
    /// within 28 s in any case.
    package func spawn(_ request: SpawnRequest) async -> SpawnAnswer {
        guard request.id.utf8.count <= ControlMessages.longestID else {
            return .refused("the request's id is longer than \(ControlMessages.longestID) bytes")
        }
        let spawn = spawns[Array(request.id.utf8)] ?? begin(request)
        let inTime = await withTaskCancellationHandler {
            request.source == .hub
                ? await spawn.answered.wait(for: Self.hubPatience) : await spawn.answered.wait()
        } onCancel: {
            spawn.work.cancel()
        }
        if let inTime { return inTime }
        if Task.isCancelled { return await spawn.work.value }
        // Only the hub's requests get here, so the answer suggests no command.
        return .late("the session is not ready within \(Self.hubPatience); it is still starting")
    }

    /// Starts answering in a separate task: git may take longer than the hub waits, and then continues.
    private func begin(_ request: SpawnRequest) -> SpawnInProgress {
        work.begin()
        let id = Array(request.id.utf8)
        let answered = OneShot<SpawnAnswer>()
        let task = Task {
            let answer = await spawning.answer(to: request)
            answered.set(answer)
            work.end()
            spawns[id] = nil
            return answer
        }
        let spawn = SpawnInProgress(answered: answered, work: task)
        spawns[id] = spawn
        return spawn
    }

    /// Records a session's report. Returns why it was refused, or nil.
    package nonisolated func report(_ report: SessionReport) async throws(StoreError) -> String? {
        let candidates = await live.sessions(of: report.lineage) + [report.launchID].compactMap { $0 }
        let runnerID = runnerID
        let outcome = try await store.write { store throws(StoreError) in
            try store.take(report, among: candidates, by: runnerID)
        }
        CrashPoint.reached("report-recorded")
        switch outcome {
        case .refused(let reason):
            logger.warning(
                "a report was refused",
                metadata: ["happySessionId": "\(report.happySessionID)", "why": "\(reason)"])
            return reason
        case .taken(let session):
            logger.info(
                "[RUNNER RUN] Session reported",
                metadata: ["session": "\(session.id)", "happySessionId": "\(report.happySessionID)"])
            await live.noteReport(session, as: report.happySessionID)
            return nil
        }
    }

    /// Stops the session that `name` refers to: a HAPI session id, a record id, a name, or `PID-<n>`.
    ///
    /// Answers within 15 s. `stopped` only if it has stopped; `alreadyGone` only on recorded evidence. A
    /// session that is unknown, or cannot be verified from here, is `stillAlive`, as the hub expects (hub
    /// contract §6.7).
    package nonisolated func stop(_ name: String, by source: RequestSource) async -> StopAnswer {
        work.begin()
        defer { work.end() }
        do {
            let session = try await store.read { store throws(StoreError) in
                try store.sessions(meant: name).first
            }
            guard let session else {
                // HAPI's own runner may have seen its end before this one took over.
                return home.verifiedExits.contains(name) ? .alreadyGone : .stillAlive
            }
            return await stopper.stop(session, by: source)
        } catch {
            logger.error(
                "cannot look up a session to stop", metadata: ["session": "\(name)", "error": "\(error)"])
            return .stillAlive
        }
    }

    // MARK: Queries

    /// Live sessions that have reported, as the control server lists them.
    package nonisolated func reportedSessions() async -> [ReportedSession] { await live.reported() }

    /// Whether no spawn or stop is in progress or still being recorded.
    nonisolated var isQuiet: Bool { work.isZero }

    /// Follows every live session that has no follower: sessions from a terminal that never reported, and
    /// sessions whose follower failed. Returns how many of them have ended.
    nonisolated func prune() async throws(StoreError) -> Int {
        let sessions = try await store.read { store throws(StoreError) in try store.liveSessions() }
        var over = 0
        // A requested session is being launched, and is followed from then on.
        for session in sessions where session.launch.phase != .requested {
            if await live.isWatched(session.id) { continue }
            await live.watch(session.id)
            if session.stateNow == .ended { over += 1 }
        }
        ProcessTable.reapMonitors()
        return over
    }

    nonisolated func liveCount() async throws(StoreError) -> Int {
        try await store.read { store throws(StoreError) in try store.liveCount() }
    }

    /// The logs of the live sessions.
    nonisolated func liveLogs() async throws(StoreError) -> Set<String> {
        try await store.read { store throws(StoreError) in
            Set(try store.liveSessions().compactMap(\.logPath))
        }
    }
}
