import Glibc
import RunnerStore

/// A session to be followed to its end.
struct Watch: Sendable {
    let id: String
    /// The launch in progress, where this runner started the monitor itself.
    var launch: LaunchInProgress?
}

extension SessionSupervisor {
    /// Follows a session to its end and takes note of it.
    ///
    /// While its monitor lives, the monitor has the word: it writes the exit before it leaves.
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
        } else {
            await takeOver(watch.id)
            knowledge(of: watch.id).launched.set(())
            if let session = await record(watch.id), let monitor = session.launch.monitor {
                await end(of: monitor)
                reap(monitor)
            }
        }
        while !Task.isCancelled {
            if await conclude(watch.id) { return }
        }
    }

    /// Takes note of the end of a session whose monitor is gone, or waits for what it still waits
    /// for. True when the session is over.
    private func conclude(_ id: String) async -> Bool {
        guard let session = await record(id) else { return true }
        if session.endedAt != nil, let exit = session.exit {
            // Ended in a transaction of another matter: whoever waits for it is told here.
            await finish(id, unlessRecorded: exit)
            return true
        }
        switch AdoptionVerdict.on(session, SessionObservation(of: session.launch), at: .now) {
        case .finish, .leave, .withdraw, .search:
            return await settle(session)
        case .adopt:
            await takeOver(id)
            if let process = session.launch.process { await end(of: process) }
            return false
        case .wait:
            if let monitor = session.launch.monitor {
                await end(of: monitor)
                reap(monitor)
            }
            return false
        }
    }

    /// Ends a session that is over, on what is known by now. False: it is not over after all.
    func settle(_ session: SessionRecord) async -> Bool {
        // Looked at in this order: a monitor that is gone has said all it will say.
        let seen = SessionObservation(of: session.launch)
        guard let latest = await record(session.id) else { return true }
        switch AdoptionVerdict.on(latest, seen, at: .now) {
        case .finish(let exit):
            await finish(session.id, unlessRecorded: exit)
            return true
        case .withdraw:
            return await withdraw(session.id, because: "its monitor ended before it could claim the launch")
                != .claimed
        case .search:
            return await search(session.id)
        case .leave:
            return true
        case .adopt, .wait:
            return false
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
    func withdraw(
        _ id: String, because message: String, patience: Duration = .seconds(600)
    ) async -> Withdrawal {
        do {
            let withdrawn = try await store.write(patience: patience) { connection throws(StoreError) in
                try connection.withdrawLaunch(id, because: message, at: .now)
            }
            guard withdrawn else { return .claimed }
            await finish(id, unlessRecorded: ExitRecord(.launchFailed, message: message, at: .now))
            return .withdrawn
        } catch {
            logger.error(
                "cannot withdraw a launch", metadata: ["session": "\(id)", "error": "\(error)"])
            return .unknown
        }
    }

    /// Looks for the process of a launch whose monitor was killed before it could record it: the
    /// process carries the launch id in its environment. True if there is none; the session is over.
    private func search(_ id: String) async -> Bool {
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
                    return true
                }
                return false
            }
            try? await Task.sleep(for: .milliseconds(200))
        }
        let message = "its monitor was killed while launching it, and no process of it is there"
        await finish(id, unlessRecorded: ExitRecord(.vanished, message: message, at: .now))
        return true
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
