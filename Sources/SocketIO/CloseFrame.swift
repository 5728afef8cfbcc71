import NIOCore
import NIOWebSocket

/// The codes of WebSocket close frames, and their words.
enum CloseFrame {
    /// What to say when ending for this reason; nil to say nothing, because nobody would hear it.
    static func code(for reason: SocketIOError) -> WebSocketErrorCode? {
        switch reason {
        case .disconnected, .disconnectedByServer, .closedByServer, .refused, .cancelled: .normalClosure
        case .protocolViolation: .protocolError
        case .incomingMessageTooLarge: .messageTooLarge
        case .eventsNotConsumed: .policyViolation
        default: nil
        }
    }

    /// From a close frame's payload: an optional code, and an optional text after it.
    static func words(for payload: ByteBuffer) -> String {
        var payload = payload
        guard let code = payload.readInteger(as: UInt16.self) else { return "without a code" }
        let text = payload.readableBytes > 0 ? " (\(String(buffer: payload)))" : ""
        return "code \(code)\(text)"
    }
}
