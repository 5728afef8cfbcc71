import Logging
import NIOCore

/// Connects to Socket.IO servers.
package enum SocketIOClient {
    /// Connects, runs `body` with the connection, and closes it on every way out.
    ///
    /// A connection that ends does not end the body: its `events` finish, its calls throw and `closed()` returns.
    /// Cancelling the task does not close the connection under the body either: what waits in it throws or
    /// returns, so that the body can come to its end. Does not reconnect; a loop of the caller's does, with
    /// `ReconnectBackoff`.
    ///
    /// Throws `SocketIOError` if there is no connection, `cancelled` included, and what the body throws.
    package static func withConnection<R: Sendable>(
        _ configuration: SocketIOConfiguration,
        on group: any EventLoopGroup,
        logger: Logger,
        _ body: @Sendable (SocketIOConnection) async throws -> R
    ) async throws -> R {
        let setup = try ConnectionSetup(configuration)
        let eventLoop = group.any()
        let connection = try await eventLoop.submit {
            SocketIOConnection(ConnectionHandler(setup: setup, on: eventLoop, logger: logger))
        }.get()
        try await connection.open()

        let outcome: Result<R, any Error>
        do {
            outcome = .success(try await body(connection))
        } catch {
            outcome = .failure(error)
        }
        await connection.disconnect()
        return try outcome.get()
    }
}
