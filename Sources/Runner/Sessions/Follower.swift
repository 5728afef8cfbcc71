import Logging
import Processes
import RunnerStore

/// Follows one session to its end: looks at it, settles what it sees, and waits for the next thing to
/// happen to it.
struct Follower: Sendable {
    let id: String
    let store: Store
    let runnerID: Int64
    let logger: Logger
    /// Told when the session's launch is over, one way or the other, with the row as it is then.
    let launched: @Sendable (SessionRecord) async -> Void

    /// Returns how the session ended; nil where nothing more can be found out about it now.
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
                // Its monitor was started by this life of the runner, and is gone.
                if let exit = await withdraw() { return exit }
            case .lost:
                guard await search() else { return await vanish() }
            case .launching where row.isInherited(by: runnerID):
                // Its monitor's line went with the last life of the runner, so the row is looked at; a
                // launch takes some ten milliseconds. Ends early when the task is cancelled.
                try? await Task.sleep(for: .milliseconds(50))
            case .launching, .alive, .closing:
                await nextEnd(row, seen)
            }
        }
        return nil
    }

    /// The session as it stands. Where nothing is to be recorded, nothing is written.
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
            // The row is read again, after the look: a monitor that is gone has said all it will say.
            let settled = try await store.write(patience: .seconds(600)) { store throws(StoreError) in
                try store.settle(id, seen, by: runnerID)
            }
            return settled.map { (row, seen, $0) }
        } catch {
            logger.error("cannot look at a session", metadata: ["session": "\(id)", "error": "\(error)"])
            return nil
        }
    }

    /// While its monitor lives, the monitor has the word: it writes the exit before it leaves.
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

    /// Looks for the process of a launch whose monitor was killed before it could record it: the
    /// process carries the launch id in its environment. False if there is none.
    private func search() async -> Bool {
        // A process just started may not have its own environment yet: it is looked for twice.
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
        let message = "its monitor was killed while launching it, and no process of it is there"
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
