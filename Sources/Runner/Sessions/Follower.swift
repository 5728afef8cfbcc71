import Logging
import Processes
import RunnerStore

/// Follows one session to its end: observes it, settles it, and waits for its next event.
struct Follower: Sendable {
    let id: String
    let store: Store
    let runnerID: Int64
    let logger: Logger
    /// Called when the launch has succeeded or failed, with the session's row.
    let launched: @Sendable (SessionRecord) async -> Void

    /// Returns how the session ended; nil if nothing more can be found out now.
    func run() async -> ExitRecord? {
        var isLaunched = false
        while !Task.isCancelled {
            guard let (row, seen, standing) = await look() else { return nil }
            if !isLaunched && ![.unclaimed, .launching, .stale].contains(standing) {
                isLaunched = true
                await launched(row)
            }
            switch standing {
            case .over(let exit): return exit
            case .elsewhere: return nil
            case .stale: break
            case .unclaimed:
                // This life of the runner started its monitor, and the monitor is gone.
                if let exit = await withdraw() { return exit }
            case .lost:
                guard await search() else { return await vanish() }
            case .launching where row.isInherited(by: runnerID):
                // The monitor's status pipe went with the last life of the runner, so the row is polled; a
                // launch takes about ten milliseconds. The sleep fails only when cancelled, which ends the
                // loop.
                try? await Task.sleep(for: .milliseconds(50))
            case .launching, .alive, .closing:
                await nextEnd(row, seen)
            }
        }
        return nil
    }

    /// The session's row, observation and standing. Writes only if there is something to record.
    private func look() async -> (SessionRecord, SessionObservation, Standing)? {
        do {
            let row = try await store.read { store throws(StoreError) in try store.session(id) }
            guard let row else { return nil }
            let seen = SessionObservation(of: row.launch)
            switch Standing(row, seen, at: .now) {
            case .over, .unclaimed, .lost, .stale, .elsewhere: break
            case .alive where row.isInherited(by: runnerID): break
            case let standing: return (row, seen, standing)
            }
            // Read again after the observation: the exit row of a monitor that is gone is final.
            let settled = try await store.write(patience: .seconds(600)) { store throws(StoreError) in
                try store.settle(id, seen, by: runnerID)
            }
            return settled.map { (row, seen, $0) }
        } catch {
            logger.error("cannot look at a session", metadata: ["session": "\(id)", "error": "\(error)"])
            return nil
        }
    }

    /// Waits for the monitor while it lives, because it records the exit before it ends; otherwise for the
    /// process.
    private func nextEnd(_ row: SessionRecord, _ seen: SessionObservation) async {
        if let monitor = row.launch.monitor, seen.monitor == .alive {
            await waitUntilGone(monitor)
            reap(monitor)
        } else if let process = row.launch.process {
            await waitUntilGone(process)
        }
    }

    private func withdraw() async -> ExitRecord? {
        await write { store throws(StoreError) in
            try store.withdraw(id, because: "its monitor ended before it could claim the launch")
        } ?? nil
    }

    /// Finds the process of a launch whose monitor was killed before it could record it, by the launch id in
    /// its environment. False if there is none.
    private func search() async -> Bool {
        // Twice, because between fork and exec a process still has its parent's environment.
        for _ in 0..<2 {
            let id = id
            if let found = await BlockingWork.run({ Self.processes(carrying: id).min { $0.start < $1.start } }
            ) ?? nil {
                logger.notice(
                    "found the process of a lost launch",
                    metadata: ["session": "\(id)", "pid": "\(found.pid)"])
                await write { store throws(StoreError) in
                    try store.recordLaunch(id, of: found, at: .now)
                    try store.recordEvent(id, "found", detail: "pid \(found.pid)", at: .now)
                }
                return true
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        return Task.isCancelled
    }

    private func vanish() async -> ExitRecord? {
        let message = "its monitor was killed while launching it, and its process was not found"
        return await write { store throws(StoreError) in
            try store.finish(id, unlessRecorded: ExitRecord(.vanished, message: message, at: .now)).exit
        }
    }

    @discardableResult
    private func write<T: Sendable>(
        _ body: @escaping @Sendable (Writing) throws(StoreError) -> T
    ) async -> T? {
        do {
            return try await store.write(patience: .seconds(600), body)
        } catch {
            logger.error("cannot settle a session", metadata: ["session": "\(id)", "error": "\(error)"])
            return nil
        }
    }

    static func processes(carrying id: String) -> [ProcessIdentity] {
        ProcessTable.all()
            .filter {
                !$0.isZombie
                    && ProcessTable.environmentValue(.launchID, of: $0.identity.pid) == id
            }
            .map(\.identity)
    }
}
