import HubProtocol
import SocketIO

/// Redacts and truncates text from or about the hub, so that it can be logged, stored and shown.
extension Hub {
    /// Describes an error, with a hint if there is one.
    package func words(for error: any Error) -> String {
        if let error = error as? HubError { return safe("\(error)") + (error.hint.map { "; \($0)" } ?? "") }
        switch error as? SocketIOError {
        case .tlsFailed?: return safe("\(error)") + Self.certificateHint
        case .refused(_, let message)?: return safe("\(error)") + "; " + wayOut(of: message)
        default: return safe("\(error)")
        }
    }

    /// Truncates text to 1000 bytes and removes the token, which anyone may have repeated.
    package func safe(_ words: String) -> String {
        let head = Array(words.utf8.prefix(1000))
        let secret = Array(token.prefix(upTo: token.lastIndex(of: ":") ?? token.endIndex).utf8)
        var safe = head.replacing(secret, with: "…".utf8)
        // The cut may have split a token.
        if head.count < words.utf8.count { safe = safe.dropLast(secret.count) + "…".utf8 }
        return String(decoding: safe, as: UTF8.self)
    }

    /// What to do if the hub refuses a machine's registration with this message (hub contract §3.2).
    package func wayOut(of refusal: String) -> String {
        guard refusal.lowercased() == "machine access denied" else {
            return "hapi auth login, or set CLI_API_TOKEN"
        }
        return "the token is good, but this machine's id belongs to another namespace of the hub than "
            + "'\(namespace ?? "default")'. Use the namespace from before (the part of the token after its colon), give each "
            + "namespace a home of its own (HAPI_HOME), or remove machineId from settings.json, so that this "
            + "becomes a new machine"
    }

    /// Throws for a header that no request can contain. The error gives its name only, because the value may
    /// be a secret.
    func checkHeaders() throws(HubError) {
        func refuse(_ what: String) -> HubError {
            HubError(
                cause: .refused, action: "ask the hub", url: url,
                reason: "\(what) contains a character that is not allowed in a header, such as a line break")
        }
        guard token.utf8.allSatisfy(Self.isCarried) else {
            throw refuse("the token (CLI_API_TOKEN, or cliApiToken in settings.json)")
        }
        for (name, value) in extraHeaders
        where !value.utf8.allSatisfy(Self.isCarried) || !name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) {
            throw refuse("the extra header \(name.filter { !$0.isNewline && $0 != "\u{1b}" })")
        }
    }

    private static func isCarried(_ byte: UInt8) -> Bool { byte == 0x09 || (byte >= 0x20 && byte != 0x7f) }

    package static let certificateHint =
        "; `openssl s_client -connect HOST:PORT -servername HOST` shows the certificate, and "
        + "NODE_EXTRA_CA_CERTS=FILE makes an authority of your own a trusted one"
}
