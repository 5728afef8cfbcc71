import Glibc
import Home
import Logging
import Processes
import RunnerStore

/// One life of the runner: from the row that begins it to the row's end.
///
/// Starting goes from the inside out: sessions are adopted before anything can be asked, the state file is
/// written when there is something to be found, the hub comes last. Stopping is the reverse. Sessions go on.
struct RunnerLife: Sendable {
    let daemon: RunnerDaemon
    let lock: RunnerLock
    let listener: ListeningSocket
    let store: Store
    let runner: RunnerRecord
    let logger: Logger
    let stopRequests = StopRequests()
    let gate = WorkGate()
    let searchPath: OneShot<String?>
    let supervisor: SessionSupervisor

    var configuration: Configuration { daemon.configuration }

    /// Lives until it is told to stop, and records how that came. Throws what kept it from living, and where a
    /// renewal does not come about, why.
    func live() async throws {
        let ending: Ending
        do {
            ending = try await serve()
        } catch {
            // Already said in the log; a store that cannot take it changes nothing.
            try? await end(.exception, "\(error)")
            await store.close()
            throw error
        }
        switch ending {
        case .end(let reason):
            try await end(reason, nil)
            // Brings the write-ahead log into the file, which others may copy from now on.
            await store.close()
        case .renew(let handover):
            // The next image ends this life's row when it begins its own: until then this runner is.
            await store.close()
            throw daemon.become(lock, listener, handover, logger)
        }
    }

    private func serve() async throws -> Ending {
        // Asked for beside all else, for a login shell may take seconds: only a spawn waits for it.
        async let _: Void = searchPath.set(await sessionPath())
        let services = try await start()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services.all { group.addTask { try await service() } }
            let ending = try await firstEnding(services.quietMoment, orFailureOf: &group)
            logger.info("stopping", metadata: ["why": "\(ending.name)"])
            await stop(services, ending)
            CrashPoint.reached("shutdown-announced")
            group.cancelAll()
            // What ends now ends because it was told to.
            while let result = await group.nextResult() { _ = result }
            // Whoever asked for an end while the renewal was under way gets it.
            return stopRequests.end.value.map(Ending.end) ?? ending
        }
    }

    /// The PATH of sessions: as the last image knew it, or as a login shell tells.
    private func sessionPath() async -> String? {
        if let known = Inheritance.own?.searchPath { return known.isEmpty ? nil : known }
        return await LoginPath.wanted(configuration.environment, logger)
    }

    private func stop(_ services: RunnerServices, _ ending: Ending) async {
        switch ending {
        case .renew: await services.hub?.announceStop(nil, within: .milliseconds(300))
        case .end(let reason):
            await markStopping()
            // Whoever asked for the stop still gets the answer; what takes longer is cut off.
            async let drained: Void = services.control.drain(within: .seconds(1))
            await services.hub?.announceStop(reason, within: .seconds(1))
            await drained
        }
    }

    /// Waits for the first word to stop that can be followed, while a task that fails ends the wait with
    /// its error.
    private func firstEnding(
        _ quiet: QuietMoment, orFailureOf group: inout ThrowingTaskGroup<Void, any Error>
    ) async throws -> Ending {
        group.addTask {
            for await wish in stopRequests.wishes {
                switch wish {
                case .end(let reason): throw StopAsked(ending: .end(reason))
                case .renew:
                    if let handover = await quiet.find() { throw StopAsked(ending: .renew(handover)) }
                    stopRequests.putOffRenewal()
                }
            }
        }
        do {
            while try await group.next() != nil {}
        } catch let asked as StopAsked {
            return asked.ending
        }
        return .end(.exception)
    }

    private struct StopAsked: Error {
        let ending: Ending
    }
}
