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
    func announceStop(_ wish: StopWish) async {
        guard let connection else { return }
        state.status = "shutting-down"
        state.shutdownRequestedAt = Timestamp.now.milliseconds
        state.shutdownSource = if case .end(let reason) = wish { reason.rawValue } else { "replaced" }
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
        changes.yield(Change(state: .connecting, detail: nil))
        await HubConnection.keep(logger, changed: { [changes] in changes.yield(Change(state: $0, detail: $1)) }) {
            try await connect(rest)
        }
    }

    /// One connection, from registration to its end. Throws what ended it.
    private func connect(_ rest: HubREST) async throws {
        // The row must be there before the socket: rooms are joined at connection time.
        var offline = state
        offline.status = "offline"
        let machine = try await rest.register(
            MachineRegistration(id: machineID, metadata: metadata, runnerState: offline))
        let socket = try SocketIOConfiguration(
            hub, configuration, auth: .machine(machineID, token: hub.token))
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
        try await connection.registerMethods(MachineMethod.allCases.map(\.rawValue), of: machineID)
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
            logger.debug("hub call", metadata: ["method": "\(request.name)"])
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
        let state = state
        let version = try await connection.update(HubEvent.machineUpdateState, from: stateVersion, logger) { version, _ in
            MachineStateUpdate(machineId: machineID, expectedVersion: version, runnerState: state)
        }
        stateVersion = version ?? stateVersion
        if state.shutdownSource != nil { stopAnnounced.set(()) }
    }

    /// The hub merges what is registered, so that roots given up can only be cleared here. What
    /// others have put into the metadata (a name given in the web app) is kept.
    private func publishRoots(on connection: SocketIOConnection, _ machine: Machine) async throws {
        let wanted = metadata.workspaceRoots.map { JSONValue.array($0.map(JSONValue.string)) }
        guard machine.metadata?["workspaceRoots"] != wanted else { return }
        _ = try await connection.update(HubEvent.machineUpdateMetadata, from: machine.metadataVersion, logger) {
            version, current in
            var merged = (current ?? machine.metadata)?.object ?? [:]
            merged["workspaceRoots"] = wanted
            return MachineMetadataUpdate(machineId: machineID, expectedVersion: version, metadata: .object(merged))
        }
    }
}
