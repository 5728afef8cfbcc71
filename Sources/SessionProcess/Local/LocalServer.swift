import Glibc
import Home
import HubProtocol
import Logging
import NIOCore
import NIOPosix
import Processes

/// The session's socket, through which shells follow the conversation and take part in it
/// (docs/local-socket.md). Only translates; ``LiveConversation`` decides.
struct LocalServer: Sendable {
    /// The first line sent to each client.
    let greeting: JSONValue
    let conversation: LiveConversation
    let shape: MessageShape
    let logger: Logger
    private let channel: Listening
    private let path: String

    typealias Client = NIOAsyncChannel<ByteBuffer, ByteBuffer>
    private typealias Listening = NIOAsyncChannel<Client, Never>

    /// Starts listening. Only this user can reach the socket: its directory has mode 0700, and the user of
    /// each client is checked as well.
    init(
        _ home: RunnerHome, recordID: String, greeting: JSONValue, conversation: LiveConversation,
        shape: MessageShape, logger: Logger
    ) async throws {
        try createDirectory(home.sockets, mode: 0o700)
        chmod(home.sockets, 0o700)
        path = home.socket(of: recordID)
        let directory = try LocalSocket.directory(of: path)
        defer { close(directory) }
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(
                unixDomainSocketPath: LocalSocket.shortPath(directory, path), cleanupExistingSocketFile: true
            ) { channel in
                channel.eventLoop.makeCompletedFuture { try Client(wrappingChannelSynchronously: channel) }
            }
        chmod(path, 0o600)
        self.greeting = greeting
        self.conversation = conversation
        self.shape = shape
        self.logger = logger
    }

    /// Serves until cancelled or the session ends, then removes the socket.
    func run() async {
        defer { unlink(path) }
        do {
            try await channel.executeThenClose { clients in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await client in clients { group.addTask { await serve(client) } }
                }
            }
        } catch {
            logger.info("the session's socket is closed", metadata: ["error": "\(error)"])
        }
    }

    private func serve(_ client: Client) async {
        do {
            let isOurs = try await LocalSocket.isOurs(client.channel)
            try await client.executeThenClose { inbound, outbound in
                guard isOurs else { return }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await tell(outbound) }
                    group.addTask {
                        var framing = LineFraming(limit: 4 << 20)
                        for try await buffer in inbound {
                            for piece in framing.append(buffer.readableBytesView) {
                                try await Self.write(await take(piece), outbound)
                            }
                        }
                    }
                    // The client has disconnected, or the session has ended.
                    try await group.next()
                    group.cancelAll()
                }
            }
        } catch {
            logger.debug("a shell went", metadata: ["error": "\(error)"])
        }
    }

    // MARK: To the client

    private func tell(_ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws {
        let (past, updates) = await conversation.attach()
        var shape = shape
        try await Self.write(greeting, outbound)
        for watched in past { try await Self.write(Self.line(watched, &shape), outbound) }
        try await Self.write(["type": "now"], outbound)
        for await watched in updates { try await Self.write(Self.line(watched, &shape), outbound) }
        try await Self.write(["type": "ended"], outbound)
    }

    private static func line(_ watched: Watched, _ shape: inout MessageShape) -> JSONValue? {
        switch watched {
        case .said(let utterance, let wall):
            return shape.message(utterance, at: wall).map {
                ["type": "message", "at": .integer(wall), "message": $0]
            }
        case .requests(let pending):
            var requests: [String: JSONValue] = [:]
            for request in pending {
                requests[request.card] = [
                    "tool": .string(request.tool), "arguments": request.arguments,
                    "createdAt": .integer(request.createdAt),
                ]
            }
            return ["type": "requests", "requests": .object(requests)]
        case .status(let isThinking, let mode):
            return ["type": "status", "thinking": .bool(isThinking), "permissionMode": .string(mode)]
        }
    }

    private static func write(
        _ line: JSONValue?, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        guard let line else { return }
        try await outbound.write(ByteBuffer(bytes: try JSON.encode(line) + [UInt8(ascii: "\n")]))
    }

    // MARK: From the client

    private func take(_ piece: LineFraming.Piece) async -> JSONValue {
        guard case .line(let bytes) = piece else { return Self.refusal("the line is too long") }
        do {
            return await obey(try JSONValue(parsing: bytes))
        } catch {
            return Self.refusal("the line is no JSON")
        }
    }

    private func obey(_ order: JSONValue) async -> JSONValue {
        switch order["type"]?.string {
        case "prompt":
            guard let text = order["text"]?.words else { return Self.refusal("text: missing") }
            await conversation.happen(.message(PersonMessage(key: newID(), text: text, origin: .here)))
        case "permission":
            guard let (card, answer) = SessionCalls.decision(order) else {
                return Self.refusal("id: missing")
            }
            var decision = answer
            decision.by = "attached"
            await conversation.happen(.decision(card: card, decision))
        case "abort": await conversation.happen(.abort)
        default: return Self.refusal("type: prompt, permission or abort is needed")
        }
        return ["type": "answer", "ok": true]
    }

    private static func refusal(_ reason: String) -> JSONValue {
        ["type": "answer", "ok": false, "error": .string(reason)]
    }
}
