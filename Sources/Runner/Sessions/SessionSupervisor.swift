import Glibc
import Home
import HubClient
import Logging
import Monitor
import Processes
import RunnerStore

/// Decides about sessions: the daemon's only writer of their rows.
///
/// The control server, the hub link and the heartbeat call it; it calls the store, and processes.
/// A row is written before the effect it describes.
package actor SessionSupervisor {
    /// What those who wait for a session hear of it.
    final class Live: Sendable {
        /// The HAPI session id it reported, or how it ended before it did.
        let news = OneShot<News>()
        let ended = OneShot<ExitRecord>()
        /// Set when its monitor has said all it says about the launch.
        let launched = OneShot<Void>()
    }

    enum News: Sendable {
        case reported(String)
        case ended(ExitRecord)
    }

    /// A spawn request that is being answered; whoever makes it again waits for the same answer.
    struct SpawnInProgress {
        let answered: OneShot<SpawnAnswer>
        let work: Task<SpawnAnswer, Never>
    }

    /// A session to be followed to its end.
    struct Watch: Sendable {
        let id: String
        /// The launch in progress, where this runner started the monitor itself.
        var launch: LaunchInProgress?
    }

    let store: Store
    let runnerID: Int64
    let home: RunnerHome
    let roots: WorkspaceRoots
    let reportTimeout: Duration
    let directoryPolicy: DirectoryPolicy
    let worktrees: Worktrees
    let secrets: AgentSecrets
    /// The program that session processes run.
    let program: String
    /// The PATH of sessions, where it is not the runner's own. A login shell is still being asked for it,
    /// maybe.
    let searchPath: OneShot<String?>
    let inheritedEnvironment: [String: String]
    let logger: Logger
    /// By the request's id.
    var spawns: [String: SpawnInProgress] = [:]
    private var live: [String: Live] = [:]
    private var watched: Set<String> = []
    private var roster = Roster()
    /// Spawns and stops that have not been answered yet, and what of them is still to be recorded.
    private var inProgress = 0

    private let watches: AsyncStream<Watch>.Continuation
    private let watchRequests: AsyncStream<Watch>
    let spawnResults: AsyncStream<SpawnFailure?>.Continuation
    /// After each spawn: what went wrong, or nil.
    package nonisolated let spawnFailures: AsyncStream<SpawnFailure?>

    init(
        store: Store, runnerID: Int64, configuration: Configuration, roots: WorkspaceRoots,
        directoryPolicy: DirectoryPolicy, searchPath: OneShot<String?>, logger: Logger
    ) {
        self.store = store
        self.runnerID = runnerID
        self.home = configuration.home
        self.roots = roots
        self.reportTimeout = configuration.reportTimeout
        self.directoryPolicy = directoryPolicy
        self.worktrees = Worktrees(
            environment: configuration.environment, patience: configuration.worktreePatience)
        self.secrets = AgentSecrets(home: configuration.home)
        self.program = configuration.sessionProgram ?? ProgramFile.current.path
        self.searchPath = searchPath
        self.inheritedEnvironment = configuration.environment
        self.logger = logger
        (watchRequests, watches) = AsyncStream.makeStream()
        (spawnFailures, spawnResults) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
    }

    // MARK: What is asked of it

    /// Takes over what earlier lives of the runner left: looks at every recorded process, decides for
    /// each session, records it all in one transaction, and follows what lives.
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
        for session in kept {
            roster.note(session)
            watch(Watch(id: session.id))
        }
        return adoption
    }

    /// Goes on with the stops that the last life of the runner had begun.
    func resumeStops(_ adoption: Adoption) async {
        await withDiscardingTaskGroup { group in
            for (id, source) in adoption.stops {
                group.addTask {
                    guard let session = await self.record(id) else { return }
                    _ = await self.stop(session, by: source)
                }
            }
        }
    }

    /// Takes in a session's report. Returns why it was not taken in, or nil.
    package func report(_ report: SessionReport) async throws(StoreError) -> String? {
        let candidates = roster.sessions(of: report.lineage) + [report.launchID].compactMap { $0 }
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
            roster.note(session)
            knowledge(of: session.id).news.set(.reported(report.happySessionID))
            watch(Watch(id: session.id))
            return nil
        }
    }

    /// Stops the session that `name` means: a HAPI session id, a record id, a name, or `PID-<n>`.
    ///
    /// Answered within 15 s. `stopped` only when it is; `alreadyGone` only on recorded evidence; what is
    /// unknown, or cannot be verified from here, is `stillAlive`, as the hub expects (hub contract §6.7).
    package func stop(_ name: String, by source: RequestSource) async -> StopAnswer {
        beginWork()
        defer { endWork() }
        do {
            let session = try await store.read { store throws(StoreError) in
                try store.sessions(meant: name).first
            }
            guard let session else {
                // HAPI's own runner, which was here before, may have seen its end.
                return home.verifiedExits.contains(name) ? .alreadyGone : .stillAlive
            }
            return await stop(session, by: source)
        } catch {
            logger.error(
                "cannot look up a session to stop", metadata: ["session": "\(name)", "error": "\(error)"])
            return .stillAlive
        }
    }

    /// Sessions that have reported and live, as the control server lists them.
    package func reportedSessions() -> [ReportedSession] { roster.reported() }

    /// Has every live session followed that nobody follows: ones from a terminal that never reported,
    /// and any whose follower failed. Returns how many turned out to be over.
    func prune() async throws(StoreError) -> Int {
        let sessions = try await store.read { store throws(StoreError) in try store.liveSessions() }
        // What is only requested is being launched, by who has it followed then.
        let unfollowed = sessions.filter { !watched.contains($0.id) && $0.launch.phase != .requested }
        for session in unfollowed { watch(Watch(id: session.id)) }
        ProcessTable.reapMonitors()
        return unfollowed.count { $0.stateNow == .ended }
    }

    func liveCount() async throws(StoreError) -> Int {
        try await store.read { store throws(StoreError) in try store.liveCount() }
    }

    /// The logs of the sessions that live.
    func liveLogs() async throws(StoreError) -> Set<String> {
        try await store.read { store throws(StoreError) in
            Set(try store.liveSessions().compactMap(\.logPath))
        }
    }

    /// Whether no spawn and no stop is in progress, and nothing of one is still to be recorded.
    var isQuiet: Bool { inProgress == 0 }

    /// Watches over sessions until cancelled. They live on.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await watch in watchRequests {
                group.addTask { await self.follow(watch) }
            }
            group.cancelAll()
        }
    }

    // MARK: What it knows of a session

    func beginWork() { inProgress += 1 }
    func endWork() { inProgress -= 1 }

    /// Goes on after an answer, and is waited for before the runner is renewed.
    func later(_ work: @escaping @Sendable () async -> Void) {
        beginWork()
        Task {
            await work()
            endWork()
        }
    }

    /// What those who wait for a live session hear of it. Whoever asks has it followed, or being launched:
    /// that it has ended is heard then.
    func knowledge(of id: String) -> Live {
        if let known = live[id] { return known }
        let new = Live()
        live[id] = new
        return new
    }

    /// Has a session followed to its end, once.
    func watch(_ watch: Watch) {
        if let launch = watch.launch { roster.note(watch.id, monitor: launch.identity, process: nil) }
        guard watched.insert(watch.id).inserted else { return }
        watches.yield(watch)
    }

    /// The session's row; nil if there is none or the store does not answer.
    func record(_ id: String) async -> SessionRecord? {
        do {
            return try await store.read { store throws(StoreError) in try store.session(id) }
        } catch {
            logger.error("cannot read a session", metadata: ["session": "\(id)", "error": "\(error)"])
            return nil
        }
    }

    private func follow(_ watch: Watch) async {
        let known = knowledge(of: watch.id)
        if let launch = watch.launch {
            let news = await launch.line.read()
            logger.info(
                "launch",
                metadata: ["session": "\(watch.id)", "monitor": "\(launch.monitor)", "says": "\(news)"])
            if let process = LaunchInProgress.process(in: news) {
                roster.note(watch.id, monitor: nil, process: process)
            }
            known.launched.set(())
            await launch.monitorEnded()
        }
        let follower = Follower(id: watch.id, store: store, runnerID: runnerID, logger: logger) { row in
            await self.noteLaunched(row, known)
        }
        // Whatever this one could not bring to an end, the next look starts afresh.
        let exit = await follower.run()
        watched.remove(watch.id)
        if let exit { noteEnd(of: watch.id, exit) } else if live[watch.id] === known { live[watch.id] = nil }
    }

    private func noteLaunched(_ row: SessionRecord, _ known: Live) {
        roster.note(row)
        known.launched.set(())
    }

    /// Takes note of an end that is on record.
    private func noteEnd(of id: String, _ exit: ExitRecord) {
        logger.info("session ended", metadata: ["session": "\(id)", "how": "\(exit.summary)"])
        live[id]?.ended.set(exit)
        live[id]?.news.set(.ended(exit))
        live[id] = nil
        roster.forget(id)
        secrets.remove(session: id)
        if exit.reason == .vanished { later { await self.recordLeftovers(of: id) } }
    }

    // MARK: Ending one

    /// What came of an attempt to withdraw a launch.
    enum Withdrawal {
        case withdrawn
        /// A monitor was faster.
        case claimed
        /// The store did not answer.
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
            noteEnd(of: id, exit)
            return .withdrawn
        } catch {
            logger.error("cannot withdraw a launch", metadata: ["session": "\(id)", "error": "\(error)"])
            return .unknown
        }
    }

    /// Ends the whole tree of a live session.
    private func stop(_ session: SessionRecord, by source: RequestSource) async -> StopAnswer {
        let plan = StopPlan(session, Standing(session, SessionObservation(of: session.launch), at: .now))
        if plan == .alreadyGone { return await stopLeftovers(of: session.id) }
        if plan == .leave { return .stillAlive }
        do {
            try await store.write(patience: .seconds(2)) { store throws(StoreError) in
                try store.requestStop(session.id, by: source, at: .now)
            }
        } catch {
            // A store that cannot be written must not keep anybody from stopping something.
            logger.error("cannot record a stop", metadata: ["session": "\(session.id)", "error": "\(error)"])
        }
        CrashPoint.reached("stop-recorded")
        if plan == .withdraw {
            let message = "it was stopped before it began"
            switch await withdraw(session.id, because: message, patience: .seconds(2)) {
            case .withdrawn: return .stopped
            case .claimed: break
            case .unknown: return .stillAlive
            }
        }
        let known = knowledge(of: session.id)
        watch(Watch(id: session.id))
        if session.launch.process == nil { _ = await known.launched.wait(for: .seconds(2)) }
        defer { CrashPoint.reached("stop-carried-out") }
        return await end(session.id, known)
    }

    /// Runners, and the monitors of other sessions.
    private func sparedProcesses(for id: String) async -> Set<ProcessIdentity> {
        var spared: Set = [ProcessTable.current]
        do {
            let runners = try await store.read { store throws(StoreError) in try store.unendedRunners() }
            spared.formUnion(runners.map(\.process))
        } catch {
            logger.error("cannot read which runners there are", metadata: ["error": "\(error)"])
        }
        for (monitor, session) in roster.monitors where session != id { spared.insert(monitor) }
        return spared
    }

    /// Runs the stop sequence, and again where nothing was found to stop in a session that goes on: its
    /// monitor may have been about to start it.
    private func end(_ id: String, _ known: Live) async -> StopAnswer {
        let deadline = ContinuousClock.now + .seconds(5)
        repeat {
            guard let session = await record(id) else { return .stillAlive }
            if session.exit != nil || session.endedAt != nil { return .stopped }
            let tree = SessionTree(session: session, spared: await sparedProcesses(for: id))
            let left = await StopSequence.standard.run { tree.processes() }
            if !left.isEmpty {
                logger.warning(
                    "processes outlived a stop", metadata: ["session": "\(id)", "pids": "\(left.map(\.pid))"])
                return .stillAlive
            }
            if await known.ended.wait(for: .seconds(1)) != nil { return .stopped }
            // The end may be on its way into a busy store; the process itself decides.
            if await record(id)?.stateNow == .ended { return .stopped }
        } while ContinuousClock.now < deadline && !Task.isCancelled
        return .stillAlive
    }
}
