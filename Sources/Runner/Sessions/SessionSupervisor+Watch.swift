import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// A session to be followed to its end.
struct Watch: Sendable {
    let id: String
    /// The launch in progress, where this runner started the monitor itself.
    var launch: LaunchInProgress?
}

extension SessionSupervisor {
    /// What came of one look at a session.
    private enum Step {
        case goesOn
        /// It has ended, or nothing more can be done about it from here.
        case over
    }

    /// Follows a session to its end and takes note of it.
    func follow(_ watch: Watch) async {
        // Whatever this one could not bring to an end, the next look starts afresh.
        defer { unwatch(watch.id) }
        if let launch = watch.launch {
            let news = await launch.line.read()
            logger.info(
                "launch",
                metadata: ["session": "\(watch.id)", "monitor": "\(launch.monitor)", "says": "\(news)"])
            knowledge(of: watch.id).launched.set(())
            await launch.monitorEnded()
        }
        while !Task.isCancelled, await step(watch.id) == .goesOn {}
    }

    /// Looks at a session, does what is to be done, and waits for the next thing to happen to it.
    private func step(_ id: String) async -> Step {
        // The processes are looked at before the row: a monitor that is gone has said all it will say.
        guard let seen = await record(id).map({ SessionObservation(of: $0.launch) }),
            let session = await record(id)
        else { return .over }
        let verdict = AdoptionVerdict.on(session, seen, at: .now)
        let isBeingLaunched =
            verdict == .lookAgain || verdict == .wait && session.launch.phase != .launched
        if !isBeingLaunched { knowledge(of: id).launched.set(()) }
        switch verdict {
        case .finish(let exit):
            await finish(id, unlessRecorded: exit)
            return .over
        case .leave:
            return .over
        case .lookAgain:
            return .goesOn
        case .withdraw:
            let why = "its monitor ended before it could claim the launch"
            return await withdraw(id, because: why) == .claimed ? .goesOn : .over
        case .search:
            return await search(id)
        case .wait where isBeingLaunched && session.isInherited(by: runnerID):
            // Its monitor's line went with the last life of the runner, so the row is looked at; a
            // launch takes some ten milliseconds. Ends early when the task is cancelled.
            try? await Task.sleep(for: .milliseconds(50))
        case .adopt, .wait:
            if verdict == .adopt && session.isInherited(by: runnerID) { await adopt(session) }
            // While its monitor lives, the monitor has the word: it writes the exit before it leaves.
            if let monitor = session.launch.monitor, seen.monitor == .alive {
                await end(of: monitor)
                reap(monitor)
            } else if let process = session.launch.process {
                await end(of: process)
            }
        }
        return .goesOn
    }

    /// Takes over a session that was being launched when the last life of the runner ended: its only
    /// report may have fallen into the gap.
    private func adopt(_ session: SessionRecord) async {
        let runnerID = runnerID
        do {
            try await store.write { connection throws(StoreError) in
                try connection.adopt(session.id, by: runnerID, at: .now)
            }
        } catch {
            logger.error(
                "cannot adopt a session", metadata: ["session": "\(session.id)", "error": "\(error)"])
        }
    }

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
            let withdrawn = try await store.write(patience: patience) { connection throws(StoreError) in
                try connection.withdrawLaunch(id, because: message, at: .now)
            }
            guard withdrawn else { return .claimed }
            await finish(
                id, unlessRecorded: ExitRecord(.launchFailed, message: message, at: .now), patience: patience)
            return .withdrawn
        } catch {
            logger.error(
                "cannot withdraw a launch", metadata: ["session": "\(id)", "error": "\(error)"])
            return .unknown
        }
    }

    /// Looks for the process of a launch whose monitor was killed before it could record it: the
    /// process carries the launch id in its environment. If there is none, the session is over.
    private func search(_ id: String) async -> Step {
        // A process just started may not have its own environment yet: it is looked for twice.
        for _ in 0..<2 {
            if let found = Self.process(carrying: id) {
                logger.notice(
                    "found the process of a lost launch",
                    metadata: ["session": "\(id)", "pid": "\(found.pid)"])
                do {
                    try await store.write { connection throws(StoreError) in
                        try connection.recordLaunch(id, of: found, at: .now)
                        try connection.recordEvent(id, "found", detail: "pid \(found.pid)", at: .now)
                    }
                } catch {
                    logger.error(
                        "cannot record a found process", metadata: ["session": "\(id)", "error": "\(error)"])
                    return .over
                }
                return .goesOn
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        let message = "its monitor was killed while launching it, and no process of it is there"
        await finish(id, unlessRecorded: ExitRecord(.vanished, message: message, at: .now))
        return .over
    }

    /// The oldest living process that carries the launch id.
    static func process(carrying id: String) -> ProcessIdentity? {
        processes(carrying: id).min { $0.start < $1.start }
    }

    static func processes(carrying id: String) -> [ProcessIdentity] {
        ProcessTable.all()
            .filter {
                !$0.isZombie
                    && ProcessTable.environmentValue("HAPI_RUNNER_LAUNCH_ID", of: $0.identity.pid) == id
            }
            .map(\.identity)
    }

    /// The session's row; nil if there is none or the store does not answer.
    func record(_ id: String) async -> SessionRecord? {
        do {
            return try await store.read { connection throws(StoreError) in try connection.session(id) }
        } catch {
            logger.error("cannot read a session", metadata: ["session": "\(id)", "error": "\(error)"])
            return nil
        }
    }
}

extension SessionRecord {
    /// Whether an earlier life of the runner started it, and nobody has taken it over yet.
    fileprivate func isInherited(by runner: Int64) -> Bool {
        origin == .runner && runnerID != runner && endedAt == nil
    }
}
