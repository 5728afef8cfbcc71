import Home
import HubClient
import HubProtocol
import Logging
import NIOPosix
import Processes
import SocketIO

/// A session's connection to the hub if its conversation is relayed: its row, keep-alives, messages in both
/// directions, the hub's calls, and the report of its end. Reconnects whenever the connection is lost, and
/// makes no decisions.
actor HubSession {
    let sessionID: String
    let hub: Hub
    let machine: MachineRegistration
    let registration: SessionRegistration
    let carriesOn: Bool
    let news: HubNews
    let logger: Logger
    let rest: HubREST
    /// Handles the hub's calls. Set once, before ``run()``.
    var calls: SessionCalls?
    var metadata: JSONValue
    /// 0 while the session has no row.
    var metadataVersion: Int
    var stateVersion: Int
    var inbox = Inbox()
    private var line: SocketIOConnection?
    private var isEnding = false
    /// Set once the hub can call the session.
    nonisolated let reachable = OneShot<Void>()

    init(
        _ hub: Hub, machine: MachineRegistration, registration: SessionRegistration, carriesOn: Bool,
        news: HubNews, past: Session?, logger: Logger
    ) throws {
        self.hub = hub
        self.machine = machine
        self.registration = registration
        sessionID = registration.id
        self.carriesOn = carriesOn
        self.news = news
        self.logger = logger
        metadata = past?.metadata ?? .null
        metadataVersion = past?.metadataVersion ?? 0
        stateVersion = past?.agentStateVersion ?? 0
        rest = try HubREST(hub)
    }

    func answer(with calls: SessionCalls) { self.calls = calls }

    /// Creates or loads the session's row, if the hub was unreachable before.
    private func register() async throws(HubError) {
        _ = try await rest.register(machine)
        let session =
            carriesOn ? try await rest.session(sessionID) : try await rest.create(registration)
        metadata = session.metadata ?? .null
        metadataVersion = session.metadataVersion
        stateVersion = session.agentStateVersion
    }

    /// Stays connected until cancelled.
    func run() async {
        await HubConnection.keep({ hub }, logger, changed: { _ in }, connect: { try await connect() })
    }

    private func connect() async throws {
        guard !isEnding else { throw CancellationError() }
        if metadataVersion == 0 { try await register() }
        let socket = try SocketIOConfiguration(hub, auth: .session(sessionID, token: hub.token))
        try await SocketIOClient.withConnection(
            socket, on: MultiThreadedEventLoopGroup.singleton, logger: logger
        ) {
            try await self.serve($0)
        }
    }

    private func serve(_ line: SocketIOConnection) async throws {
        self.line = line
        defer { self.line = nil }
        try await line.registerMethods(SessionCalls.methods, of: sessionID)
        try await pulse(on: line)
        try await catchUp()
        logger.info("connected to the hub", metadata: ["hub": "\(hub.url)"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.keepAlive(line) }
            group.addTask { try await self.sendMail(on: line) }
            group.addTask { try await self.publishMetadata(on: line) }
            group.addTask { try await self.listen(on: line) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: Keep-alive

    /// Every 2 s, and at each change. The hub considers a session inactive after 30 s.
    private func keepAlive(_ line: SocketIOConnection) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(2))
                    try await self.pulse(on: line)
                }
            }
            group.addTask {
                while true {
                    try await self.news.statusChanged.wait()
                    try await self.pulse(on: line)
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func pulse(on line: SocketIOConnection) async throws {
        guard !isEnding else { return }
        let status = news.status
        var alive = SessionAlive(
            sid: sessionID, time: Timestamp.now.milliseconds, thinking: status.isThinking, mode: status.mode)
        alive.settings = .init(
            permissionMode: status.permissionMode, model: status.model, effort: status.effort)
        try await line.emit(HubEvent.sessionAlive, alive)
    }

    // MARK: Messages

    /// After a lost connection: reads what people wrote in the meantime, and what had reached the hub.
    private func catchUp() async throws {
        var known: [JSONValue] = []
        // The hub itself sends what people wrote before this process, once it gets keep-alives.
        if inbox.cursor > 0 || news.hasUnconfirmed {
            var after = inbox.cursor
            while true {
                let rows = try await rest.messages(of: sessionID, after: after)
                for row in rows {
                    let isPersons = await receive(row)
                    if !isPersons { known.append(row.content) }
                }
                guard let last = rows.last, rows.count == HubREST.pageOfMessages else { break }
                after = last.seq
            }
        }
        news.reconnected(known: known)
    }

    /// Sends the outbox in order, and has the hub confirm each batch.
    private func sendMail(on line: SocketIOConnection) async throws {
        try await publishState(on: line)
        reachable.set(())
        while true {
            while try await sendBatch(on: line) {}
            try await news.mail.wait()
        }
    }

    private func sendBatch(on line: SocketIOConnection) async throws -> Bool {
        let (items, dropped) = news.take(64)
        guard let last = items.last else { return false }
        if dropped > 0 { try await tellOfDropped(dropped, on: line) }
        for item in items {
            switch item.content {
            // Without a time of our own: the hub stamps messages and consumptions when they arrive, and what
            // was said before a consumption must not seem to be said after it.
            case .message(let message):
                try await line.emit(HubEvent.message, SessionMessage(sid: sessionID, message: message))
            case .consumed(let keys, let clears, let steered):
                let consumed = MessagesConsumed(
                    sid: sessionID, localIds: keys, clearsThinking: clears, steered: steered)
                try await line.emit(HubEvent.messagesConsumed, consumed)
            case .requests: try await publishState(on: line)
            }
        }
        _ = try await line.emitWithAck(HubEvent.ping, timeout: .seconds(30))
        news.confirm(upTo: last.number)
        return true
    }

    private func tellOfDropped(_ count: Int, on line: SocketIOConnection) async throws {
        let words = "\(count) messages were dropped while the hub was away: they took more than 32 MiB"
        let message: JSONValue = [
            "role": "agent",
            "content": [
                "id": .string(newID()), "type": "event",
                "data": ["type": "error", "message": .string(words)],
            ],
        ]
        try await line.emit(HubEvent.message, SessionMessage(sid: sessionID, message: message))
    }

    private func publishState(on line: SocketIOConnection) async throws {
        let version = try await line.update(HubEvent.updateState, from: stateVersion, at: hub, logger) {
            version, _ in
            SessionStateUpdate(
                sid: sessionID, expectedVersion: version,
                agentState: news.requests.agentState(
                    controlledByUser: news.status.mode == "local",
                    startingMode: registration.metadata.startingMode ?? "remote"))
        }
        stateVersion = version ?? stateVersion
    }

    // MARK: Metadata

    private func publishMetadata(on line: SocketIOConnection) async throws {
        if carriesOn {
            let own = try JSON.decode(JSONValue.self, from: JSON.encode(registration.metadata)).object ?? [:]
            try await update(own, title: nil, on: line)
        }
        while true {
            let (changes, title) = news.takeMetadata()
            guard !changes.isEmpty || title != nil else {
                try await news.metadataChanged.wait()
                continue
            }
            do {
                try await update(changes, title: title, on: line)
            } catch {
                news.giveBack(changes, title: title)
                throw error
            }
        }
    }

    private func update(
        _ changes: [String: JSONValue], title: String?, on line: SocketIOConnection
    ) async throws {
        let version = try await line.update(HubEvent.updateMetadata, from: metadataVersion, at: hub, logger) {
            version, current in
            if let current { metadata = current }
            var members = (metadata.object ?? [:]).merging(changes) { _, new in new }
            if let title, members["name"]?.string == nil, members["summary"]?["text"]?.string == nil {
                members["summary"] = [
                    "text": .string(title), "updatedAt": .integer(Timestamp.now.milliseconds),
                ]
            }
            metadata = .object(members)
            return SessionMetadataUpdate(sid: sessionID, expectedVersion: version, metadata: metadata)
        }
        metadataVersion = version ?? metadataVersion
    }

    // MARK: The end

    /// Sends what is still in the outbox, tells the hub how the session ended, and disconnects. Takes
    /// at most about 5 s.
    func end(_ reason: String, archiveReason: String) async {
        if metadataVersion > 0 { _ = await reachable.wait(for: .seconds(1)) }
        let deadline = ContinuousClock.now + .seconds(2)
        while line != nil, news.isMailWaiting, ContinuousClock.now < deadline {
            // Fails if the task is cancelled; then the deadline ends the loop.
            try? await Task.sleep(for: .milliseconds(20))
        }
        isEnding = true
        if let line {
            let told = OneShot<Void>()
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        try await self.sayEnd(reason, archiveReason, on: line)
                    } catch {
                        self.logger.warning(
                            "the hub did not hear of the end", metadata: ["error": "\(error)"])
                    }
                    told.set(())
                }
                _ = await told.wait(for: .seconds(2))
                group.cancelAll()
            }
            await line.disconnect()
        }
        await close()
    }

    private func sayEnd(_ reason: String, _ archiveReason: String, on line: SocketIOConnection) async throws {
        let now = Timestamp.now.milliseconds
        try await update(
            [
                "lifecycleState": "archived", "lifecycleStateSince": .integer(now), "archivedBy": "cli",
                "archiveReason": .string(archiveReason),
            ], title: nil, on: line)
        try await line.emit(HubEvent.sessionEnd, SessionEnd(sid: sessionID, time: now, reason: reason))
        _ = try await line.emitWithAck(HubEvent.ping, timeout: .seconds(1))
    }

    /// Closes the HTTP client without telling the hub. Nothing works afterwards.
    func close() async { await rest.shutdown() }
}
