import HubProtocol
import SocketIO

/// What the hub says, and what is said of it, as it may be logged, kept and shown.
extension Hub {
    /// What went wrong, and what helps.
    package func words(for error: any Error) -> String {
        if case .tlsFailed? = error as? SocketIOError { return safe("\(error)") + Self.certificateHint }
        return safe("\(error)")
    }

    /// No longer than a few lines, and without the token, whoever repeated it.
    package func safe(_ words: String) -> String {
        let head = Array(words.utf8.prefix(1000))
        let secret = Array(token.prefix(upTo: token.lastIndex(of: ":") ?? token.endIndex).utf8)
        var safe = head.replacing(secret, with: "…".utf8)
        // What was cut off may have begun within the token.
        if head.count < words.utf8.count { safe = safe.dropLast(secret.count) + "…".utf8 }
        return String(decoding: safe, as: UTF8.self)
    }

    package static let certificateHint =
        "; `openssl s_client -connect HOST:PORT -servername HOST` shows the certificate, and "
        + "NODE_EXTRA_CA_CERTS=FILE makes an authority of your own a trusted one"
}
