import Glibc
import Home
import HubClient
import Logging
import Monitor
import Processes
import RunnerStore

/// The runner's periodic work. Each beat settles sessions that ended unnoticed, checks that this is still the
/// runner, bounds the logs, records itself, and checks for a new program on disk. Beats never overlap.
struct Heartbeat: Sendable {
    /// How many heartbeats are kept: about five weeks at one per minute.
    static let kept = 50_000

    let interval: Duration
    let store: Store
    let runnerID: Int64
    let home: RunnerHome
    let lock: RunnerLock
    let supervisor: SessionSupervisor
    let stateFile: StateFileKeeper
    let renewal: Renewal
    let stopRequests: StopRequests
    let logger: Logger

    /// Beats until cancelled or until another runner has taken over. Throws ``HomeGone`` if the home was
    /// removed.
    func run() async throws {
        await renewal.tellFailure()
        // Task.sleep throws only when cancelled.
        while (try? await Task.sleep(for: interval)) != nil {
            guard lock.isInPlace else { throw HomeGone(home: home) }
            if ownership() == .lost {
                logger.error("another runner has taken over; stopping")
                return stopRequests.request(.end(.replaced))
            }
            // If recording the beat failed, recording a new life would fail too.
            if await beat(), !stopRequests.isRenewing, await renewal.isDue() { stopRequests.request(.renew) }
        }
    }

    private func ownership() -> Ownership {
        Ownership.judge(
            lock: RunnerLock.holder(home.lockFile), state: StateFile.read(home)?.pid, own: getpid(),
            isRunner: { ProcessTable.isRunner($0, of: home) })
    }

    /// Runs every step even if an earlier one fails. False if any failed.
    private func beat() async -> Bool {
        let now = Timestamp.now
        var isWhole = true
        func step(_ what: String, _ body: () async throws -> Void) async {
            do {
                try await body()
            } catch {
                isWhole = false
                logger.error("a heartbeat is incomplete", metadata: ["step": "\(what)", "error": "\(error)"])
            }
        }
        await step("logs") {
            let keeper = LogKeeper(home: home)
            let kept = try await supervisor.liveLogs().union([stateFile.logPath ?? ""])
            _ = await BlockingWork.run { keeper.tidy(keeping: kept) }
        }
        await step("store") {
            if try await store.restoreFiles() {
                logger.error("the store's files were missing and have been restored")
            }
            try await store.checkpoint()
        }
        await step("record") { try await record(pruned: try await supervisor.prune(), at: now) }
        await step("files") {
            try await stateFile.beat(at: now)
            let lock = lock
            try await BlockingWork.run { Result { try lock.restoreFile() } }?.get()
        }
        return isWhole
    }

    private func record(pruned: Int, at now: Timestamp) async throws {
        let record = HeartbeatRecord(
            liveSessions: try await supervisor.liveCount(), pruned: pruned,
            residentBytes: MachineHealthMeter.residentBytes(), load1m: MachineHealthMeter.loadAverage(),
            suspended: Self.suspended())
        try await store.write { connection throws(StoreError) in
            try connection.recordHeartbeat(record, of: runnerID, at: now, keeping: Self.kept)
        }
    }

    /// How long the machine has been suspended since boot, in milliseconds: CLOCK_BOOTTIME counts while it
    /// sleeps, CLOCK_MONOTONIC does not, clock_gettime(2).
    static func suspended() -> Int64 {
        var (boot, awake) = (timespec(), timespec())
        clock_gettime(CLOCK_BOOTTIME, &boot)
        clock_gettime(CLOCK_MONOTONIC, &awake)
        return Int64(boot.tv_sec - awake.tv_sec) * 1000 + Int64(boot.tv_nsec - awake.tv_nsec) / 1_000_000
    }
}
