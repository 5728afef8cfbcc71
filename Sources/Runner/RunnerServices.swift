import Home
import HubProtocol
import Logging
import Processes
import RunnerStore

/// The services of one life of the runner, which run concurrently from its start to its stop.
struct RunnerServices: Sendable {
    let control: ControlServer
    let hub: HubLink?
    let quietMoment: QuietMoment
    /// Each runs until cancelled. If one fails, the runner's life ends.
    var all: [@Sendable () async throws -> Void] = []
}

extension RunnerLife {
    /// Adopts what the last life left, then starts listening.
    func start() async throws -> RunnerServices {
        let lost = try await lostConversations()
        let adoption = try await supervisor.adopt()
        logger.info("adopted what the last runner left", metadata: adoption.metadata)
        CrashPoint.reached("adopted")

        let routes = ControlRoutes(supervisor: supervisor, stopRequests: stopRequests)
        let control = try await ControlServer(routes, at: listener, gate, logger: logger)
        let held = Inheritance.own?.held ?? []
        let stateFile = try showItself()

        var services = RunnerServices(control: control, hub: hubLink(), quietMoment: quietMoment(control))
        let (life, hub, beat) = (self, services.hub, heartbeat(stateFile))
        services.all = [
            { await life.supervisor.run() },
            { await life.supervisor.resumeStops(adoption) },
            { await life.supervisor.resume(lost) },
            { await control.run(resuming: held) },
            { try await beat.run() },
            { await life.showTroubles() },
            { await life.showSessionPath(stateFile) },
            { await life.checkStore() },
            { try await life.runEndHook() },
            { try await life.hearSignals() },
            { await hub?.run(life.supervisor.spawnFailures) },
            { await life.cancelLeftRequests() },
            { await life.record(hub, stateFile) },
        ]
        return services
    }

    /// The conversations that a reboot interrupted, if they are to be resumed. Must be read before adoption
    /// ends them.
    private func lostConversations() async throws -> [SessionRecord] {
        guard daemon.resumesAfterReboot else { return [] }
        return try await store.read { store throws(StoreError) in try store.conversationsLostToReboot() }
    }

    /// Publishes the runner in its state file, and ends the guard of a renewal.
    private func showItself() throws -> StateFileKeeper {
        let identity = RunnerIdentity(configuration, machineID: runner.machineID ?? "")
        let state = StateFile(runner, port: listener.port, identity: identity, arguments: daemon.arguments)
        let stateFile = StateFileKeeper(state, configuration.home)
        CrashPoint.reached("control-bound")
        try stateFile.write()
        try lock.restoreFile()
        Inheritance.own?.settle()
        daemon.announce(
            "runner \(runner.process.pid) of \(configuration.home.path), control port \(listener.port)")
        return stateFile
    }

    /// Publishes the PATH of sessions once the login shell has answered.
    private func showSessionPath(_ stateFile: StateFileKeeper) async {
        guard let path = await searchPath.wait() else { return }
        do {
            try await stateFile.take(sessionPath: path ?? configuration.environment[.path])
        } catch {
            logger.warning("cannot write the state file", metadata: ["error": "\(error)"])
        }
    }

    private func quietMoment(_ control: ControlServer) -> QuietMoment {
        QuietMoment(
            gate: gate, control: control, supervisor: supervisor, stopRequests: stopRequests,
            searchPath: searchPath, logger: logger)
    }

    private func record(_ hub: HubLink?, _ stateFile: StateFileKeeper) async {
        guard let hub else { return }
        for await change in hub.states { await take(change, stateFile) }
    }

    /// Runs the command that the user has configured for the end of a session.
    private func runEndHook() async throws {
        let command = try Settings.read(configuration.home).onSessionEnd
        guard !command.isEmpty else { return }
        await SessionEndHook(
            command: command, store: store, environment: configuration.environment, logger: logger
        ).run()
    }

    private func cancelLeftRequests() async {
        guard configuration.hub != nil else { return }
        await LeftRequests(environment: configuration.environment, store: store, logger: logger)
            .run(supervisor.ends)
    }

    private func hearSignals() async throws {
        await StopSignals.each { signal in
            logger.info("signalled", metadata: ["signal": "\(signalName(signal))"])
            stopRequests.request(.end(.signal))
        }
    }

    /// Publishes store errors in the process's name, where `status` finds them: the store itself cannot be
    /// written.
    private func showTroubles() async {
        for await trouble in store.troubles {
            if let trouble {
                logger.error("the store cannot be written", metadata: ["error": "\(trouble)"])
            } else {
                logger.notice("the store can be written again")
            }
            ProcessTable.setOwnName(trouble == nil ? RunnerPresence.processName : RunnerPresence.degradedName)
        }
    }

    /// Checks a large store in the background. Damage is reported for as long as the runner is running.
    private func checkStore() async {
        guard store.needsCheck else { return }
        do throws(StoreError) {
            try await StoreCheck(path: configuration.home.store).run()
        } catch {
            logger.critical("the store is damaged", metadata: ["error": "\(error)"])
            await store.note(damage: error)
        }
    }

    private func hubLink() -> HubLink? {
        let rpc = MachineRPC(
            supervisor: supervisor, roots: daemon.roots, stopRequests: stopRequests, gate: gate)
        return configuration.hub.map { hub in
            HubLink(
                hub, configuration, machineID: runner.machineID ?? "",
                metadata: MachineMetadata(configuration, roots: daemon.roots),
                state: RunnerState(
                    status: "running", pid: runner.process.pid, httpPort: listener.port,
                    startedAt: runner.startedAt.milliseconds,
                    capabilities: .init(piExistingSessionResume: true)),
                rpc: rpc, logger: logger)
        }
    }

    private func heartbeat(_ stateFile: StateFileKeeper) -> Heartbeat {
        let renewal = Renewal(
            program: ProgramFile.current, arguments: daemon.arguments, configuration: configuration,
            failure: Inheritance.own?.failure, notice: { await self.tell($0) }, logger: logger)
        return Heartbeat(
            interval: configuration.heartbeatInterval, store: store, runnerID: runner.id,
            home: configuration.home, lock: lock, supervisor: supervisor, stateFile: stateFile,
            renewal: renewal, stopRequests: stopRequests, logger: logger)
    }
}
