import Home
import HubClient
import HubProtocol
import Logging
import Monitor
import NIOPosix
import Processes
import RunnerStore
import SocketIO

/// The runner's connection to its hub: registers the machine, maintains the socket, publishes the runner's
/// state, and answers the hub's calls. Reconnects indefinitely.
///
/// Reports its own state as ``states``. Decides nothing about sessions.
actor HubLink {
    struct Change: Sendable {
        let state: HubState
        let detail: String?
        /// The identity with which the runner is connected; nil while it is not.
        var identity: RunnerIdentity?

        init(state: HubState, detail: String?, identity: RunnerIdentity? = nil) {
            self.state = state
            self.detail = detail
            self.identity = identity
        }

        init(_ trouble: HubConnection.Trouble) {
            switch trouble {
            case .unavailable(let why): self.init(state: .connecting, detail: why)
            case .refused(let why): self.init(state: .unauthorized, detail: why)
            }
        }
    }

    private var hub: Hub
    private var configuration: Configuration
    private let machineID: String
    private var metadata: MachineMetadata
    /// The machine's metadata at the hub, including what others have added.
    private var hubMetadata: JSONValue?
    private var metadataVersion = 0
    private let rpc: MachineRPC
    private let logger: Logger
    private var state: RunnerState
    private var stateVersion = 0
    private var connection: SocketIOConnection?
    private var dirty: AsyncStream<Void>.Continuation?
    private var news = HubNews()
    private var meter = MachineHealthMeter()
    private let stopAnnounced = OneShot<Void>()
    private let callsToAnswer: AsyncStream<Call>
    private let calls: AsyncStream<Call>.Continuation

    /// The state of the connection, each time it changes.
    nonisolated let states: AsyncStream<Change>
    private let changes: AsyncStream<Change>.Continuation

    init(
        _ hub: Hub, _ configuration: Configuration, machineID: String,
        metadata: MachineMetadata,
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
        (callsToAnswer, calls) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(256))
    }

    /// Stays connected until cancelled. `failures` are those of spawns; the hub shows the last one.
    func run(_ failures: AsyncStream<SpawnFailure?>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await failure in failures { await self.note(failure) } }
            group.addTask { await self.keepConnected() }
            group.addTask { await self.answerCalls() }
            await group.waitForAll()
        }
    }

    /// Tells the hub that the runner stops or, without a reason, that it is replaced, and disconnects.
    func announceStop(_ reason: RunnerEndReason?, within patience: Duration) async {
        guard let connection else { return }
        state.status = "shutting-down"
        state.shutdownRequestedAt = Timestamp.now.milliseconds
        state.shutdownSource = (reason ?? .replaced).rawValue
        dirty?.yield()
        if await stopAnnounced.wait(for: patience) == nil {
            logger.warning("the hub did not confirm the stop", metadata: ["within": "\(patience)"])
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

    /// Reports changes, not every attempt.
    private func tell(_ change: Change) {
        if news.isNews(change.state, change.detail, at: .now) { changes.yield(change) }
    }

    private func keepConnected() async {
        tell(Change(state: .connecting, detail: nil))
        await HubConnection.keep(
            { hub }, logger, changed: { tell(Change($0)) },
            afterRefusal: { await waitForOtherToken() },
            connect: { try await connect() })
    }

    /// Waits until the settings change, so that a corrected token is used at once, or until the next regular
    /// retry.
    private func waitForOtherToken() async {
        let refused = FilePrint(configuration.home.settings)
        let deadline = ContinuousClock.now + HubConnection.refusalPause
        while ContinuousClock.now < deadline, FilePrint(configuration.home.settings) == refused {
            guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
        }
        do {
            configuration = try Configuration.load(environment: configuration.environment)
            hub = configuration.hub ?? hub
        } catch {
            logger.error("the settings cannot be read", metadata: ["error": "\(error)"])
        }
    }

    /// One connection, from registration to its end. Throws the reason for the end.
    private func connect() async throws {
        // The row must exist before the socket connects: the hub joins rooms at connection time.
        var offline = state
        offline.status = "offline"
        let registration = MachineRegistration(id: machineID, metadata: metadata, runnerState: offline)
        let machine = try await HubREST.with(hub) { try await $0.register(registration) }
        var socket = try SocketIOConfiguration(
            hub, auth: .machine(machineID, token: hub.token))
        socket.maximumPayloadSize = Self.largestMessage
        try await SocketIOClient.withConnection(
            socket, on: MultiThreadedEventLoopGroup.singleton, logger: logger
        ) {
            try await self.serve($0, machine)
        }
    }

    private func serve(_ connection: SocketIOConnection, _ machine: Machine) async throws {
        let (wakeups, dirty) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.connection = connection
        self.dirty = dirty
        stateVersion = machine.runnerStateVersion
        metadataVersion = machine.metadataVersion
        hubMetadata = machine.metadata
        defer {
            self.connection = nil
            self.dirty = nil
        }
        try await connection.registerMethods(MachineMethod.allCases.map(\.rawValue), of: machineID)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.keepAlive(connection) }
            group.addTask { try await self.publish(on: connection, wakeups) }
            group.addTask { try await self.takeCalls(on: connection) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Sends at once and then every 20 s: the hub considers a machine offline after 45 s.
    private func keepAlive(_ connection: SocketIOConnection) async throws {
        while true {
            try await publishProgram(on: connection)
            let health = meter.measure()
            try await connection.emit(
                HubEvent.machineAlive,
                MachineAlive(machineId: machineID, time: health.collectedAt, health: health))
            try await Task.sleep(for: .seconds(20))
        }
    }

    /// Queues the hub's calls until the connection is lost.
    private func takeCalls(on connection: SocketIOConnection) async throws {
        for await event in connection.events where event.name == HubEvent.rpcRequest {
            guard event.footprint <= Self.largestCall else {
                try await connection.acknowledge(event, JSON.text(RPCError(error: "the call is too large")))
                continue
            }
            calls.yield(Call(event: event, connection: connection))
        }
        throw await connection.closed()
    }

    /// Answers the hub's calls. They outlive their connection: a call that was started is carried out, and
    /// only its answer is lost.
    private func answerCalls() async {
        await withTaskGroup(of: Void.self) { group in
            var inProgress = 0
            for await call in callsToAnswer {
                if inProgress == Self.callLimit {
                    await group.next()
                    inProgress -= 1
                }
                group.addTask { await self.answer(call.event, on: call.connection) }
                inProgress += 1
            }
            group.cancelAll()
        }
    }

    /// Maximum calls answered at once; 256 more are queued. Further ones are dropped, and time out at
    /// the hub.
    private static let callLimit = 128
    /// In bytes; far larger than any call the hub makes. Bounds the memory of queued calls.
    private static let largestCall = 256 << 10
    /// Largest incoming message in bytes. Decoded, it may take fifty times its size.
    private static let largestMessage = 1 << 20

    private struct Call: Sendable {
        let event: SocketIOEvent
        let connection: SocketIOConnection
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

    /// Publishes the workspace roots once, and the runner's state at once and after each change.
    private func publish(
        on connection: SocketIOConnection, _ wakeups: AsyncStream<Void>
    ) async throws {
        try await publishState(on: connection)
        try await publishRoots(on: connection)
        logger.info("connected to the hub", metadata: ["hub": "\(hub.url)"])
        let identity = RunnerIdentity(configuration, machineID: machineID)
        _ = news.isNews(.connected, nil, at: .now)
        changes.yield(Change(state: .connected, detail: nil, identity: identity))
        for await _ in wakeups { try await publishState(on: connection) }
        throw CancellationError()
    }

    private func publishState(on connection: SocketIOConnection) async throws {
        let state = state
        let version = try await connection.update(
            HubEvent.machineUpdateState, from: stateVersion, at: hub, logger
        ) {
            version, _ in
            MachineStateUpdate(machineId: machineID, expectedVersion: version, runnerState: state)
        }
        stateVersion = version ?? stateVersion
        if state.shutdownSource != nil { stopAnnounced.set(()) }
    }

    /// Clears workspace roots that were given up, which a registration cannot do: the hub merges it.
    private func publishRoots(on connection: SocketIOConnection) async throws {
        let wanted = metadata.workspaceRoots.map { JSONValue.array($0.map(JSONValue.string)) }
        guard hubMetadata?["workspaceRoots"] != wanted else { return }
        try await publishMetadata(on: connection, ["workspaceRoots": wanted])
    }

    /// If renewal is disabled, tells the hub about a new program on disk, so that the hub can offer a
    /// restart.
    private func publishProgram(on connection: SocketIOConnection) async throws {
        let installed = ProgramFile.modificationTime(of: ProgramFile.current.path)
        guard configuration.renewalDisabled, let installed, installed != metadata.installedCliMtimeMs else {
            return
        }
        metadata.installedCliMtimeMs = installed
        try await publishMetadata(on: connection, ["installedCliMtimeMs": .number(installed)])
    }

    /// Changes some keys of the machine's metadata and keeps the others (such as a name given in the web
    /// app). An attempt based on outdated metadata is answered with a newer version and repeated.
    private func publishMetadata(
        on connection: SocketIOConnection, _ changes: [String: JSONValue?]
    ) async throws {
        let version = try await connection.update(
            HubEvent.machineUpdateMetadata, from: metadataVersion, at: hub, logger
        ) {
            version, current in
            var merged = (current ?? hubMetadata)?.object ?? [:]
            for (key, value) in changes { merged[key] = value }
            hubMetadata = .object(merged)
            return MachineMetadataUpdate(
                machineId: machineID, expectedVersion: version, metadata: .object(merged))
        }
        metadataVersion = version ?? metadataVersion
    }
}
