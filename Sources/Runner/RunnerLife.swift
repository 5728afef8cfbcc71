import Glibc
import Home
import Logging
import Processes
import RunnerStore

/// One life of the runner: from the insertion of its row to the recording of its end.
///
/// Starting goes from the inside out: sessions are adopted before the first request is answered, the state
/// file is written once there is something to connect to, and the hub comes last. Stopping is the reverse.
/// Sessions keep running.
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

    /// Runs until it is told to stop, and records why it ended. Throws the error that ended it, or the reason
    /// why a renewal failed.
    func live() async throws {
        let ending: Ending
        do {
            ending = try await serve()
        } catch {
            // Ignored: the error is already in the log.
            try? await end(.exception, "\(error)")
            await store.close()
            throw error
        }
        switch ending {
        case .end(let reason):
            try await end(reason, nil)
            // Checkpoints the write-ahead log, so that the file alone is complete and can be copied.
            await store.close()
        case .renew(let handover):
            // The next image ends this life's row when it inserts its own; until then this runner counts as
            // running.
            await store.close()
            throw daemon.become(lock, listener, handover, logger)
        }
    }

    private func serve() async throws -> Ending {
        // Runs concurrently because a login shell may take seconds; only a spawn waits for it.
        async let _: Void = searchPath.set(await sessionPath())
        let services = try await start()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services.all { group.addTask { try await service() } }
            let ending = try await firstEnding(services.quietMoment, orFailureOf: &group)
            logger.info("stopping", metadata: ["why": "\(ending.name)"])
            await stop(services, ending)
            CrashPoint.reached("shutdown-announced")
            group.cancelAll()
            // From here on tasks end because they were cancelled.
            while let result = await group.nextResult() { _ = result }
            // A stop that was requested during the renewal takes precedence.
            return stopRequests.end.value.map(Ending.end) ?? ending
        }
    }

    /// The PATH for sessions: inherited from the last image, or asked from a login shell.
    private func sessionPath() async -> String? {
        if let known = Inheritance.own?.searchPath { return known.isEmpty ? nil : known }
        return await LoginPath.wanted(configuration.environment, logger)
    }

    private func stop(_ services: RunnerServices, _ ending: Ending) async {
        switch ending {
        case .renew: await services.hub?.announceStop(nil, within: .milliseconds(300))
        case .end(let reason):
            await markStopping()
            // The client that requested the stop still gets its answer; requests that take longer are cut
            // off.
            async let drained: Void = services.control.drain(within: .seconds(1))
            await services.hub?.announceStop(reason, within: .seconds(1))
            await drained
        }
    }

    /// Waits for the first request to stop or renew that can be carried out. Throws the error of a task that
    /// fails meanwhile.
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
