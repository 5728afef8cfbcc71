import Home
import HubClient
import HubProtocol
import Logging
import NIOPosix
import Processes
import RunnerStore
import SocketIO

/// The connection to the hub of a session whose agent has the terminal to itself: its row, its socket, its
/// keep-alive, and its end.
///
/// The user can work even if the hub is unreachable: the session has its id from the start, and its row is
/// created when the hub is reachable.
actor SessionLink {
    let sessionID: String
    private let hub: Hub
    private let configuration: Configuration
    private let machineID: String
    private let carriesOn: Bool
    private let mode: String
    private var registration: SessionRegistration
    private var metadata: JSONValue = .null
    private var metadataVersion = 0
    private var connection: SocketIOConnection?
    private let connected = OneShot<Void>()
    private var isEnding = false
    private let rest: HubREST
    private let killRequests: AsyncStream<Void>.Continuation
    private let logger: Logger

    /// One element each time the hub asks to end the session.
    nonisolated let kills: AsyncStream<Void>

    init(
        _ hub: Hub, _ configuration: Configuration, machineID: String, sessionID: String,
        carriesOn: Bool, mode: String, registration: SessionRegistration, logger: Logger
    ) throws {
        self.hub = hub
        self.configuration = configuration
        self.machineID = machineID
        self.sessionID = sessionID
        self.carriesOn = carriesOn
        self.mode = mode
        self.registration = registration
        self.logger = logger
        rest = try HubREST(hub)
        (kills, killRequests) = AsyncStream.makeStream()
    }

    /// Creates or loads the session's row. Throws if the hub refuses.
    func register() async throws(HubError) {
        let machine = MachineRegistration(
            id: machineID, metadata: MachineMetadata(configuration), runnerState: nil)
        _ = try await rest.register(machine)
        let session: Session
        if carriesOn {
            session = try await rest.session(sessionID)
        } else {
            session = try await rest.create(registration)
        }
        metadata = session.metadata ?? .null
        metadataVersion = session.metadataVersion
    }

    /// Stays connected until cancelled.
    func run() async {
        await HubConnection.keep(
            { hub }, logger, changed: { _ in }, connect: { try await connect() })
    }

    private func connect() async throws {
        if metadataVersion == 0 { try await register() }
        let socket = try SocketIOConfiguration(
            hub, auth: .session(sessionID, token: hub.token))
        try await SocketIOClient.withConnection(
            socket, on: MultiThreadedEventLoopGroup.singleton, logger: logger
        ) {
            try await self.serve($0)
        }
    }

    /// Tells the hub how the session ended, and disconnects. Waits at most 1 s for a connection and 2 s for
    /// the hub.
    func end(_ reason: String, archiveReason: String) async {
        isEnding = true
        // If the hub has the row, it must learn of the end, however short the session was.
        if metadataVersion > 0 { _ = await connected.wait(for: .seconds(1)) }
        if let connection {
            let now = Timestamp.now.milliseconds
            let told = OneShot<Void>()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        try await self.archive(on: connection, archiveReason, at: now)
                        try await connection.emit(
                            HubEvent.sessionEnd, SessionEnd(sid: self.sessionID, time: now, reason: reason))
                        _ = try await connection.emitWithAck(HubEvent.ping, timeout: .seconds(1))
                    } catch {
                        self.logger.warning(
                            "the hub did not hear of the end", metadata: ["error": "\(error)"])
                    }
                    told.set(())
                }
                _ = await told.wait(for: .seconds(2))
                group.cancelAll()
            }
            await connection.disconnect()
        }
        await close()
    }

    /// Closes the HTTP client without telling the hub. Nothing works afterwards.
    func close() async { await rest.shutdown() }

    private func serve(_ connection: SocketIOConnection) async throws {
        self.connection = connection
        connected.set(())
        defer { self.connection = nil }
        try await connection.registerMethods(["killSession"], of: sessionID)
        logger.info("connected to the hub", metadata: ["hub": "\(hub.url)"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.keepAlive(connection) }
            group.addTask { try await self.carryOn(on: connection) }
            group.addTask {
                for await event in connection.events where event.name == HubEvent.rpcRequest {
                    await self.answer(event, on: connection)
                }
                throw await connection.closed()
            }
            defer { group.cancelAll() }
            // Returns when a resumed session's metadata is updated; the other two tasks only end with the
            // connection.
            while try await group.next() != nil {}
        }
    }

    /// Sends every 2 s: the hub considers a session inactive after 30 s.
    private func keepAlive(_ connection: SocketIOConnection) async throws {
        while !isEnding {
            let alive = SessionAlive(
                sid: sessionID, time: Timestamp.now.milliseconds, thinking: false, mode: mode)
            try await connection.emit(HubEvent.sessionAlive, alive)
            try await Task.sleep(for: .seconds(2))
        }
    }

    /// Updates the metadata of a resumed session.
    private func carryOn(on connection: SocketIOConnection) async throws {
        guard carriesOn else { return }
        let own = try JSON.decode(JSONValue.self, from: JSON.encode(registration.metadata)).object ?? [:]
        try await updateMetadata(on: connection, own)
    }

    private func archive(on connection: SocketIOConnection, _ reason: String, at now: Int64) async throws {
        try await updateMetadata(
            on: connection,
            [
                "lifecycleState": .string("archived"), "lifecycleStateSince": .integer(now),
                "archivedBy": .string("cli"), "archiveReason": .string(reason),
            ])
    }

    private func updateMetadata(
        on connection: SocketIOConnection, _ changes: [String: JSONValue]
    ) async throws {
        let version = try await connection.update(
            HubEvent.updateMetadata, from: metadataVersion, at: hub, logger
        ) {
            version, current in
            if let current { metadata = current }
            metadata = .object((metadata.object ?? [:]).merging(changes) { _, new in new })
            return SessionMetadataUpdate(sid: sessionID, expectedVersion: version, metadata: metadata)
        }
        metadataVersion = version ?? metadataVersion
    }

    private func answer(_ event: SocketIOEvent, on connection: SocketIOConnection) async {
        do {
            let request = try event.argument(0, as: RPCRequest.self)
            guard request.name == "killSession" else {
                return try await connection.acknowledge(event, JSON.text(RPCError(error: "Method not found")))
            }
            struct Killed: Encodable {
                let success = true
                let message = "The session is being ended"
            }
            killRequests.yield()
            try await connection.acknowledge(event, JSON.text(Killed()))
        } catch {
            logger.warning("a hub call got no answer", metadata: ["error": "\(error)"])
        }
    }
}
