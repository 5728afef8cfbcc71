import Home
import Logging
import Processes
import RunnerStore

/// What the runner knows about live sessions besides their rows: their processes and the requests that wait
/// for their events. Makes sure that each has exactly one follower.
actor LiveSessions {
    /// The events of a session that requests wait for.
    final class Live: Sendable {
        /// The HAPI session id it reported, or how it ended before it did.
        let news = OneShot<News>()
        let ended = OneShot<ExitRecord>()
        /// Set when its monitor has closed the status pipe.
        let launched = OneShot<Void>()
    }

    enum News: Sendable {
        case reported(String)
        case ended(ExitRecord)
    }

    /// A session to be followed to its end.
    private struct Watch: Sendable {
        let id: String
        /// The launch in progress, if this runner started the monitor.
        let launch: LaunchInProgress?
    }

    private let store: Store
    private let runnerID: Int64
    private let secrets: AgentSecrets
    private let work: WorkCount
    private let logger: Logger
    private var live: [String: Live] = [:]
    private var watched: Set<String> = []
    private var roster = Roster()
    private let watches: AsyncStream<Watch>.Continuation
    private let watchRequests: AsyncStream<Watch>
    /// The ids of sessions that have ended; if they are not read in time, only the newest are kept.
    nonisolated let ends: AsyncStream<String>
    private let ended: AsyncStream<String>.Continuation

    init(store: Store, runnerID: Int64, secrets: AgentSecrets, work: WorkCount, logger: Logger) {
        self.store = store
        self.runnerID = runnerID
        self.secrets = secrets
        self.work = work
        self.logger = logger
        (watchRequests, watches) = AsyncStream.makeStream()
        (ends, ended) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1000))
    }

    /// Follows sessions until cancelled. The sessions keep running.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await watch in watchRequests {
                group.addTask { await self.follow(watch) }
            }
            group.cancelAll()
        }
    }

    // MARK: Queries

    /// The events of a session to wait for. The caller must make sure that the session is followed or being
    /// launched, or its end is never reported.
    func knowledge(of id: String) -> Live {
        if let known = live[id] { return known }
        let new = Live()
        live[id] = new
        return new
    }

    /// Follows a session to its end.
    func watch(_ id: String, launch: LaunchInProgress? = nil) {
        if let launch { roster.note(id, monitor: launch.identity, process: nil) }
        guard watched.insert(id).inserted else { return }
        watches.yield(Watch(id: id, launch: launch))
    }

    func isWatched(_ id: String) -> Bool { watched.contains(id) }

    /// The sessions that one of these processes belongs to.
    func sessions(of processes: [ProcessIdentity]) -> [String] { roster.sessions(of: processes) }

    func reported() -> [ReportedSession] { roster.reported() }

    /// The monitors of all other sessions.
    func monitors(butOf id: String) -> [ProcessIdentity] {
        roster.monitors.filter { $0.value != id }.map(\.key)
    }

    // MARK: Events

    /// Adopts a session from an earlier life of the runner.
    func take(_ session: SessionRecord) {
        roster.note(session)
        watch(session.id)
    }

    /// Notes a recorded report.
    func noteReport(_ session: SessionRecord, as happySessionID: String) {
        roster.note(session)
        knowledge(of: session.id).news.set(.reported(happySessionID))
        watch(session.id)
    }

    /// Notes a recorded end.
    func noteEnd(of id: String, _ exit: ExitRecord) {
        logger.info("session ended", metadata: ["session": "\(id)", "how": "\(exit.summary)"])
        ended.yield(id)
        live[id]?.ended.set(exit)
        live[id]?.news.set(.ended(exit))
        live[id] = nil
        roster.forget(id)
        secrets.remove(session: id)
        guard exit.reason == .vanished else { return }
        let leftovers = Leftovers(store: store, logger: logger)
        work.later { await leftovers.record(of: id) }
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
        // If it fails, the next heartbeat starts a new follower.
        let exit = await follower.run()
        watched.remove(watch.id)
        if let exit { noteEnd(of: watch.id, exit) } else if live[watch.id] === known { live[watch.id] = nil }
    }

    private func noteLaunched(_ row: SessionRecord, _ known: Live) {
        roster.note(row)
        known.launched.set(())
    }
}

extension Store {
    /// The session's row; nil if there is none or the store fails, which is logged.
    func row(of id: String, _ logger: Logger) -> SessionRecord? {
        do {
            return try read { reading throws(StoreError) in try reading.session(id) }
        } catch {
            logger.error("cannot read a session", metadata: ["session": "\(id)", "error": "\(error)"])
            return nil
        }
    }
}
