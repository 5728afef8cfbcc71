import NIOCore
import NIOWebSocket

/// The codes of WebSocket close frames, and their descriptions.
enum CloseFrame {
    /// The code to send when ending for this reason; nil to send none, because the server could not receive
    /// it.
    static func code(for reason: SocketIOError) -> WebSocketErrorCode? {
        switch reason {
        case .disconnected, .disconnectedByServer, .closedByServer, .refused, .cancelled: .normalClosure
        case .protocolViolation: .protocolError
        case .incomingMessageTooLarge: .messageTooLarge
        case .eventsNotConsumed: .policyViolation
        default: nil
        }
    }

    /// Describes the payload of a close frame: an optional code and an optional text.
    static func words(for payload: ByteBuffer) -> String {
        var payload = payload
        guard let code = payload.readInteger(as: UInt16.self) else { return "without a code" }
        let text = payload.readableBytes > 0 ? " (\(String(buffer: payload)))" : ""
        return "code \(code)\(text)"
    }
}
