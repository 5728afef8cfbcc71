import HubProtocol
import Logging
import NIOPosix
import RunnerStore
import SocketIO

/// The runner's line to its hub: registers the machine, keeps the socket, publishes the runner's
/// state, and answers the hub's calls. It reconnects for ever.
///
/// What it learns of itself goes up as ``states``; it decides nothing about sessions.
actor HubLink {
    struct Change: Sendable {
        let state: HubState
        let detail: String?
    }

    private let hub: Configuration.Hub
    private let configuration: Configuration
    private let machineID: String
    private let metadata: MachineMetadata
    private let rpc: MachineRPC
    private let logger: Logger
    private var state: RunnerState
    private var stateVersion = 0
    private var connection: SocketIOConnection?
    private var dirty: AsyncStream<Void>.Continuation?
    private let stopAnnounced = OneShot<Void>()

    /// How the runner stands with the hub, each time it changes.
    nonisolated let states: AsyncStream<Change>
    private let changes: AsyncStream<Change>.Continuation

    init(
        _ hub: Configuration.Hub, _ configuration: Configuration, machineID: String, metadata: MachineMetadata,
        state: RunnerState, rpc: MachineRPC, logger: Logger
    ) {
        self.hub = hub
        self.configuration = configuration
        self.machineID = machineID
        self.metadata = metadata
        self.state = state
        self.rpc = rpc
        self.logger = logger
        (states, changes) = AsyncStream.makeStream()
    }

    /// Keeps the line until cancelled. `failures` are what spawns met with; the hub shows the last.
    func run(_ failures: AsyncStream<SpawnFailure?>) async throws {
        let rest = try HubREST(hub, configuration)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await failure in failures { await self.note(failure) } }
            group.addTask { await self.keepConnected(rest) }
            await group.waitForAll()
        }
        await rest.shutdown()
    }

    /// Tells the hub that the runner stops, and hangs up. Takes a second at most.
    func announceStop(_ reason: RunnerEndReason) async {
        guard let connection else { return }
        state.status = "shutting-down"
        state.shutdownRequestedAt = Timestamp.now.milliseconds
        state.shutdownSource = reason.rawValue
        dirty?.yield()
        if await stopAnnounced.wait(for: .seconds(1)) == nil {
            logger.warning("the hub did not confirm the stop within a second")
        }
        await connection.disconnect()
    }

    private func note(_ failure: SpawnFailure?) {
        state.lastSpawnError = failure.map {
            .init(
                message: $0.message, pid: $0.pid, exitCode: $0.exit?.code,
                signal: $0.exit?.signal.map(signalName), at: Timestamp.now.milliseconds)
        }
        dirty?.yield()
    }

    private func keepConnected(_ rest: HubREST) async {
        var backoff = ReconnectBackoff()
        while !Task.isCancelled {
            let delay: Duration
            do {
                changes.yield(Change(state: .connecting, detail: nil))
                try await connect(rest) { backoff.reset() }
                delay = backoff.next()
            } catch where Self.isRefusal(error) {
                logger.error("the hub refuses this runner", metadata: ["error": "\(error)"])
                changes.yield(Change(state: .unauthorized, detail: "\(error)"))
                delay = .seconds(30)
            } catch {
                if Task.isCancelled { return }
                delay = backoff.next()
                logger.warning("no hub", metadata: ["error": "\(error)", "retry": "\(delay)"])
                changes.yield(Change(state: .connecting, detail: "\(error)"))
            }
            // Ends early when the runner stops.
            try? await Task.sleep(for: delay)
        }
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        if let error = error as? HubError { return error.cause == .refused }
        if case .refused? = error as? SocketIOError { return true }
        return false
    }

    /// One connection, from registration to its end. Throws what ended it.
    private func connect(_ rest: HubREST, connected: () -> Void) async throws {
        // The row must be there before the socket: rooms are joined at connection time.
        var offline = state
        offline.status = "offline"
        let machine = try await rest.register(
            MachineRegistration(id: machineID, metadata: metadata, runnerState: offline))
        let socket = SocketIOConfiguration(
            url: hub.url, namespace: "/cli", auth: try JSON.text(HubAuth.machine(machineID, token: hub.token)),
            extraHeaders: configuration.extraHeaders.map { ($0.key, $0.value) },
            additionalTrustRoots: configuration.extraTrustRoots)
        connected()
        try await SocketIOClient.withConnection(socket, on: MultiThreadedEventLoopGroup.singleton, logger: logger) {
            try await self.serve($0, machine)
        }
    }

    private func serve(_ connection: SocketIOConnection, _ machine: Machine) async throws {
        let (wakeups, dirty) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.connection = connection
        self.dirty = dirty
        stateVersion = machine.runnerStateVersion
        defer {
            self.connection = nil
            self.dirty = nil
        }
        for method in MachineMethod.allCases {
            let name = "\(machineID):\(method.rawValue)"
            try await connection.emit(HubEvent.rpcRegister, RPCRegistration(method: name))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.keepAlive(connection) }
            group.addTask { try await self.publish(on: connection, machine, wakeups) }
            group.addTask { try await self.answerCalls(on: connection) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// At once, and then every 20 s: the hub counts a machine as away after 45.
    private func keepAlive(_ connection: SocketIOConnection) async throws {
        var meter = MachineHealthMeter()
        while true {
            let health = meter.measure()
            try await connection.emit(
                HubEvent.machineAlive, MachineAlive(machineId: machineID, time: health.collectedAt, health: health))
            try await Task.sleep(for: .seconds(20))
        }
    }

    private func answerCalls(on connection: SocketIOConnection) async throws {
        await withDiscardingTaskGroup { group in
            for await event in connection.events where event.name == HubEvent.rpcRequest {
                group.addTask { await self.answer(event, on: connection) }
            }
            group.cancelAll()
        }
        throw await connection.closed()
    }

    private nonisolated func answer(_ event: SocketIOEvent, on connection: SocketIOConnection) async {
        do {
            let request = try event.argument(0, as: RPCRequest.self)
            logger.info("hub call", metadata: ["method": "\(request.name)"])
            let answer = await rpc.answer(request)
            if event.acknowledgementID != nil { try await connection.acknowledge(event, answer) }
        } catch {
            logger.warning("a hub call got no answer", metadata: ["error": "\(error)"])
        }
    }

    /// Publishes the runner's state at once and after each change, and the workspace roots.
    private func publish(
        on connection: SocketIOConnection, _ machine: Machine, _ wakeups: AsyncStream<Void>
    ) async throws {
        try await publishState(on: connection)
        try await publishRoots(on: connection, machine)
        logger.info("connected to the hub", metadata: ["hub": "\(hub.url)"])
        changes.yield(Change(state: .connected, detail: nil))
        for await _ in wakeups { try await publishState(on: connection) }
        throw CancellationError()
    }

    private func publishState(on connection: SocketIOConnection) async throws {
        let answer = try await settle(from: stateVersion) { version, _ in
            try await connection.emitWithAck(
                HubEvent.machineUpdateState,
                MachineStateUpdate(machineId: machineID, expectedVersion: version, runnerState: state),
                timeout: .seconds(10))
        }
        stateVersion = answer ?? stateVersion
        if state.shutdownSource != nil { stopAnnounced.set(()) }
    }

    /// The hub merges what is registered, so that roots given up can only be cleared here. What
    /// others have put into the metadata (a name given in the web app) is kept.
    private func publishRoots(on connection: SocketIOConnection, _ machine: Machine) async throws {
        let wanted = metadata.workspaceRoots.map { JSONValue.array($0.map(JSONValue.string)) }
        guard machine.metadata?["workspaceRoots"] != wanted else { return }
        _ = try await settle(from: machine.metadataVersion) { version, current in
            var merged = (current ?? machine.metadata)?.object ?? [:]
            merged["workspaceRoots"] = wanted
            return try await connection.emitWithAck(
                HubEvent.machineUpdateMetadata,
                MachineMetadataUpdate(machineId: machineID, expectedVersion: version, metadata: .object(merged)),
                timeout: .seconds(10))
        }
    }

    /// Sends a versioned update until it is taken; a mismatch tells the version to build on. Returns
    /// the version that stands, nil if the hub will not have it.
    private func settle(
        from start: Int, _ send: (_ version: Int, _ current: JSONValue?) async throws -> SocketIOAcknowledgement
    ) async throws -> Int? {
        var version = start
        var current: JSONValue?
        for attempt in 0..<20 {
            let answer = try await send(version, current).argument(0, as: VersionedUpdateAnswer.self)
            switch answer.result {
            case .success: return answer.version ?? version
            case .error:
                logger.warning("the hub refuses an update", metadata: ["reason": "\(answer.reason ?? "unknown")"])
                return nil
            case .mismatch:
                version = answer.version ?? version
                current = answer.metadata
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...(50 * (attempt + 1)))))
            }
        }
        return nil
    }
}
