/// Every error of a connection, as a closed set.
///
/// A description says what was tried, on what, and why it failed. No case contains the auth text, a header's
/// value, credentials of a URL or the content of a message.
package enum SocketIOError: Error, Equatable, Sendable {
    // Before the connection is up.

    /// The configured URL is unusable; `url` is its part that may be shown.
    case unusableURL(url: String, reason: String)
    /// Another part of the configuration is unusable.
    case invalidConfiguration(reason: String)
    /// No connection to the server, or it does not speak HTTP and WebSocket.
    case cannotConnect(url: String, reason: String)
    /// The server was reached, but its TLS could not be trusted.
    case tlsFailed(url: String, reason: String)
    /// The server answered the WebSocket request with a status other than 101.
    case upgradeRefused(url: String, status: Int)
    /// The deadline for connecting, TLS, upgrade, Engine.IO open and namespace connect has passed.
    case handshakeTimedOut(url: String, waitingFor: String, after: Duration)
    /// The server answered the namespace's CONNECT with CONNECT_ERROR.
    case refused(namespace: String, message: String)

    // Why a connection ended.

    /// The server was silent for its ping interval plus its ping timeout.
    case pingTimeout(after: Duration)
    /// The server announced the end of the Engine.IO session or closed the WebSocket with a close frame.
    case closedByServer(reason: String)
    /// The server sent DISCONNECT for the namespace.
    case disconnectedByServer(namespace: String)
    /// This side disconnected.
    case disconnected
    /// The transport broke without a close frame.
    case connectionLost(reason: String)
    /// The server violated the protocol.
    case protocolViolation(reason: String)
    /// The server sent a message larger than the configured maximum.
    case incomingMessageTooLarge(limit: Int)
    /// Events waiting for their consumer exceeded the limit.
    case eventsNotConsumed(limit: Int)

    // Errors of a single call; the connection continues.

    /// The message is larger than the server accepts, and was not sent.
    case messageTooLarge(size: Int, limit: Int)
    /// No acknowledgement came in time.
    case acknowledgementTimedOut(event: String, after: Duration)
    /// The task was cancelled. A packet that was already passed on may still reach the server.
    case cancelled
    /// A value cannot be encoded as JSON.
    case unencodable(what: String, reason: String)
    /// An argument is missing or has another type than requested.
    case undecodable(what: String, reason: String)
}

extension SocketIOError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unusableURL(let url, let reason): "cannot use the server URL \(url): \(reason)"
        case .invalidConfiguration(let reason): "cannot use the connection's configuration: \(reason)"
        case .cannotConnect(let url, let reason), .tlsFailed(let url, let reason):
            "cannot open a WebSocket at \(url): \(reason)"
        case .upgradeRefused(let url, let status):
            "cannot open a WebSocket at \(url): the server answered \(status)"
        case .handshakeTimedOut(let url, let stage, let time):
            "cannot connect to \(url): still waiting for \(stage) after \(time)"
        case .refused(let namespace, let message):
            "the server refused the namespace \(namespace): \(message)"
        case .pingTimeout(let time):
            "the connection ended: ping timeout, no packet from the server for \(time)"
        case .closedByServer(let reason): "the connection ended: closed by the server, \(reason)"
        case .disconnectedByServer(let namespace):
            "the connection ended: the server disconnected the namespace \(namespace)"
        case .disconnected: "the connection ended: disconnected by this side"
        case .connectionLost(let reason): "the connection ended: \(reason)"
        case .protocolViolation(let reason):
            "the connection ended: the server violated the protocol: \(reason)"
        case .incomingMessageTooLarge(let limit):
            "the connection ended: the server sent a message of more than \(limit) bytes"
        case .eventsNotConsumed(let limit):
            "the connection ended: more than \(limit) bytes of events were waiting to be consumed"
        case .messageTooLarge(let size, let limit):
            "cannot send a message of \(size) bytes: the limit is \(limit)"
        case .acknowledgementTimedOut(let event, let time):
            "the server did not acknowledge \(event) within \(time)"
        case .cancelled: "cancelled"
        case .unencodable(let what, let reason): "cannot write \(what) as JSON: \(reason)"
        case .undecodable(let what, let reason): "cannot read \(what): \(reason)"
        }
    }
}
