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
    /// What only this life of the runner knows of a live session. The store has everything else.
    final class Live: Sendable {
        /// The HAPI session id it reported, or how it ended before it did.
        let news = OneShot<News>()
        let ended = OneShot<ExitRecord>()
        /// Set when its monitor has said all it says about the launch.
        let launched = OneShot<Void>()
    }

    /// A spawn request that is being answered; whoever makes it again waits for the same answer.
    struct SpawnInProgress {
        let answered: OneShot<SpawnAnswer>
        let work: Task<SpawnAnswer, Never>
    }

    enum News: Sendable {
        case reported(String)
        case ended(ExitRecord)
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
    /// The PATH of sessions, where it is not the runner's own.
    let searchPath: String?
    let inheritedEnvironment: [String: String]
    let logger: Logger
    var live: [String: Live] = [:]
    private var watched: Set<String> = []
    /// By the request's id.
    var spawns: [String: SpawnInProgress] = [:]
    /// Spawns and stops that have not been answered yet.
    var inProgress = 0

    private let watches: AsyncStream<Watch>.Continuation
    private let watchRequests: AsyncStream<Watch>
    let spawnResults: AsyncStream<SpawnFailure?>.Continuation
    /// After each spawn: what went wrong, or nil.
    package nonisolated let spawnFailures: AsyncStream<SpawnFailure?>

    init(
        store: Store, runnerID: Int64, configuration: Configuration, roots: WorkspaceRoots,
        directoryPolicy: DirectoryPolicy, searchPath: String?, logger: Logger
    ) {
        self.store = store
        self.runnerID = runnerID
        self.home = configuration.home
        self.roots = roots
        self.reportTimeout = configuration.reportTimeout
        self.directoryPolicy = directoryPolicy
        self.worktrees = Worktrees(environment: configuration.environment)
        self.secrets = AgentSecrets(home: configuration.home)
        self.program = configuration.sessionProgram ?? ProgramFile.current.path
        self.searchPath = searchPath
        self.inheritedEnvironment = configuration.environment
        self.logger = logger
        (watchRequests, watches) = AsyncStream.makeStream()
        (spawnFailures, spawnResults) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
    }

    /// Watches over sessions until cancelled. They live on.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await watch in watchRequests {
                group.addTask { await self.follow(watch) }
            }
            group.cancelAll()
        }
    }

    /// Sessions that have reported and live, as the control server lists them.
    package func reportedSessions() async throws(StoreError) -> [SessionRecord] {
        try await store.read { connection throws(StoreError) in
            try connection.liveSessions().filter { session in
                session.happySessionID != nil && [.running, .stopping].contains(session.stateNow)
            }
        }
    }

    func liveCount() async throws(StoreError) -> Int {
        try await store.read { connection throws(StoreError) in try connection.liveSessions().count }
    }

    /// What this life of the runner knows of a live session.
    func knowledge(of id: String) -> Live {
        if let known = live[id] { return known }
        let new = Live()
        live[id] = new
        return new
    }

    func isWatched(_ id: String) -> Bool { watched.contains(id) }
    func unwatch(_ id: String) { watched.remove(id) }

    /// Has a session followed to its end, once.
    func watch(_ watch: Watch) {
        guard watched.insert(watch.id).inserted else { return }
        watches.yield(watch)
    }

    /// Takes note of a session's end: `exit` where nothing better is on record.
    func finish(
        _ id: String, unlessRecorded exit: ExitRecord, patience: Duration = .seconds(600)
    ) async {
        do {
            let (standing, first) = try await store.write(patience: patience) {
                connection throws(StoreError) in
                try connection.finish(id, unlessRecorded: exit)
            }
            if first {
                logger.info("session ended", metadata: ["session": "\(id)", "how": "\(standing.summary)"])
            }
            live[id]?.ended.set(standing)
            live[id]?.news.set(.ended(standing))
        } catch {
            logger.error(
                "cannot record the end of a session", metadata: ["session": "\(id)", "error": "\(error)"])
        }
        secrets.remove(session: id)
        live[id] = nil
        watched.remove(id)
    }
}
