import Logging
import NIOCore

/// Connects to Socket.IO servers.
package enum SocketIOClient {
    /// Connects, runs `body` with the connection, and closes it afterwards, however `body` ends.
    ///
    /// If the connection ends, `body` continues: its `events` finish, its calls throw and `closed()` returns.
    /// If the task is cancelled, the connection stays open until `body` returns: calls that wait throw or
    /// return, so that `body` can finish. Does not reconnect; the caller does, with `ReconnectBackoff`.
    ///
    /// Throws `SocketIOError` if it cannot connect, including `cancelled`, and rethrows errors of `body`.
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
