import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOPosix

/// HTTP on the loopback interface, for session processes and commands.
///
/// The accept loop is ours and the rest Hummingbird's, because a listening socket that outlives the
/// program's image cannot be handed to Hummingbird's own server.
struct ControlServer {
    private typealias Connection = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let port: Int
    private let listener: NIOAsyncChannel<Connection, Never>
    private let http: HTTP1Channel
    private let logger: Logger

    /// Binds a port the system picks. Connections wait until ``run()``.
    static func bind(_ routes: ControlRoutes, logger: Logger) async throws -> ControlServer {
        let responder = routes.responder
        let http = HTTP1Channel(
            responder: { request, writer, channel in
                let context = ControlContext(source: .init(channel: channel, logger: logger))
                let response = await Self.respond(to: request, context, responder, logger)
                try await writer.write(response: response.head, body: response.body)
            }, configuration: .init(idleTimeout: .seconds(60)))
        let listener: NIOAsyncChannel<Connection, Never>
        do {
            listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: 0) { channel in http.setup(channel: channel, logger: logger) }
        } catch {
            throw ControlServerError(reason: "\(error)")
        }
        guard let port = listener.channel.localAddress?.port else { throw ControlServerError(reason: "no port") }
        return ControlServer(port: port, listener: listener, http: http, logger: logger)
    }

    /// Serves until the task is cancelled; requests in flight are finished first.
    func run() async throws {
        try await withTaskCancellationHandler {
            try await listener.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { await http.handle(value: connection, logger: logger) }
                    }
                }
            }
        } onCancel: {
            listener.channel.close(promise: nil)
        }
    }

    private static func respond(
        to request: Request, _ context: ControlContext, _ responder: some HTTPResponder<ControlContext>,
        _ logger: Logger
    ) async -> Response {
        do {
            return try await responder.respond(to: request, context: context)
        } catch let error as any HTTPResponseError {
            return .failure(error.status, error.status.reasonPhrase)
        } catch {
            logger.error("a control request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return .failure(.internalServerError, "\(error)")
        }
    }
}

struct ControlServerError: Error, CustomStringConvertible {
    let reason: String
    var description: String { "cannot bind the control server on 127.0.0.1:0: \(reason)" }
}
