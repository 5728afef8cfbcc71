import Glibc
import HTTPTypes
import Home
import HubClient
import Hummingbird
import HummingbirdCore
import Logging
import Monitor
import NIOCore
import NIOHTTPTypes
import NIOPosix
import Processes
import RunnerStore
import Synchronization

/// HTTP on the loopback interface, for session processes and commands.
///
/// The accept loop is ours and the rest Hummingbird's, because a listening socket that outlives the
/// program's image cannot be handed to Hummingbird's own server.
struct ControlServer {
    /// What is accepted is a plain channel: one that nobody takes up any more, because the server is
    /// stopping, may be dropped, which NIO's asynchronous ones may not.
    private let listener: NIOAsyncChannel<any Channel, Never>
    private let responder: any HTTPResponder<ControlContext>
    private let strangers = Strangers()
    private let ended = OneShot<Void>()
    private let logger: Logger

    /// Takes up the listening socket. Connections wait until ``run()``.
    static func bind(
        _ routes: ControlRoutes, to socket: ListeningSocket, logger: Logger
    ) async throws -> ControlServer {
        // NIO closes what it is given; the socket itself stays open for the next image.
        let descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 16)
        do {
            let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                // Nothing is read before there is somebody to read it.
                .childChannelOption(.autoRead, value: false)
                .bind(descriptor) { channel in channel.eventLoop.makeSucceededFuture(channel) }
            return ControlServer(listener: listener, responder: routes.responder, logger: logger)
        } catch {
            throw ControlServerError(reason: "\(error)")
        }
    }

    /// Serves until the task is cancelled, or drained.
    func run() async throws {
        defer { ended.set(()) }
        try await withTaskCancellationHandler {
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { await serve(connection) }
                    }
                }
            }
        } onCancel: {
            listener.channel.close(promise: nil)
        }
    }

    private func serve(_ channel: any Channel) async {
        let owner = await ConnectionOwner.of(channel)
        if owner?.isTrusted == true { return await serve(channel, of: owner) }
        await strangers.admit(channel) { await serve(channel, of: owner) }
    }

    private func serve(_ channel: any Channel, of owner: ConnectionOwner?) async {
        let http = http(for: owner)
        do {
            let connection = try await channel.eventLoop.flatSubmit {
                http.setup(channel: channel, logger: logger).flatMap { connection in
                    // A channel that is closed by now takes no option, and says so to whoever reads.
                    channel.setOption(.autoRead, value: true).recover { _ in }.map { connection }
                }
            }.get()
            await http.handle(value: connection, logger: logger)
        } catch {
            channel.close(promise: nil)
        }
    }

    private func http(for owner: ConnectionOwner?) -> HTTP1Channel {
        HTTP1Channel(
            responder: { request, writer, channel in
                var context = ControlContext(source: .init(channel: channel, logger: logger))
                context.owner = owner
                var response = await respond(to: request, context)
                // One request, one connection: so none is cut off when the program is renewed.
                response.headers[.connection] = "close"
                try await writer.write(response: response.head, body: response.body)
            },
            configuration: .init(
                idleTimeout: .seconds(5),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100)))
    }

    /// Accepts no more, and waits for what was accepted. Whoever connects from now on waits for the
    /// next image.
    func drain(within patience: Duration) async {
        // First no more are taken from the kernel's queue, where they keep; what was taken by then is
        // still handed over. Closing at once would reset it.
        do {
            try await listener.channel.setOption(.autoRead, value: false).get()
            try await Task.sleep(for: .milliseconds(50))
        } catch {
            logger.debug("the listener is closed already", metadata: ["error": "\(error)"])
        }
        listener.channel.close(promise: nil)
        _ = await ended.wait(for: patience)
    }

    private func respond(to request: Request, _ context: ControlContext) async -> Response {
        do {
            return try await responder.respond(to: request, context: context)
        } catch let error as any HTTPResponseError {
            return .failure(error.status, error.status.reasonPhrase)
        } catch {
            logger.error(
                "a control request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return .failure(.internalServerError, "\(error)")
        }
    }
}

/// Connections of whom nothing is taken: they get their answer, but not much else.
private final class Strangers: Sendable {
    private static let limit = 32
    private let count = Mutex(0)

    /// Has a stranger served, within 5 s in all; drops him where there are too many.
    func admit(_ channel: any Channel, _ serve: () async -> Void) async {
        let place = count.withLock { count in
            count += 1
            return count
        }
        defer { count.withLock { $0 -= 1 } }
        guard place <= Self.limit else { return channel.close(promise: nil) }
        let end = channel.eventLoop.scheduleTask(in: .seconds(5)) { channel.close(promise: nil) }
        await serve()
        end.cancel()
    }
}

struct ControlServerError: Error, CustomStringConvertible {
    let reason: String
    var description: String { "cannot bind the control server on 127.0.0.1:0: \(reason)" }
}
