import HubProtocol
import SocketIO

/// What the hub says, and what is said of it, as it may be logged, kept and shown.
extension Hub {
    /// What went wrong, and what helps.
    package func words(for error: any Error) -> String {
        if let error = error as? HubError { return safe("\(error)") + (error.hint.map { "; \($0)" } ?? "") }
        switch error as? SocketIOError {
        case .tlsFailed?: return safe("\(error)") + Self.certificateHint
        case .refused(_, let message)?: return safe("\(error)") + "; " + wayOut(of: message)
        default: return safe("\(error)")
        }
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

    /// What helps where the hub answers so to a machine's registration (hub contract §3.2).
    package func wayOut(of refusal: String) -> String {
        guard refusal.lowercased() == "machine access denied" else {
            return "hapi auth login, or set CLI_API_TOKEN"
        }
        return "the token is good, but this machine's id belongs to another namespace of the hub than "
            + "'\(namespace ?? "default")'. Use the namespace from before (the part of the token after its colon), give each "
            + "namespace a home of its own (HAPI_HOME), or take machineId out of settings.json, so that this "
            + "becomes a new machine"
    }

    /// Refuses what no request can carry, by its name: the value may be a secret.
    func checkHeaders() throws(HubError) {
        func refuse(_ what: String) -> HubError {
            HubError(
                cause: .refused, action: "ask the hub", url: url,
                reason: "\(what) has a character that no request can carry, such as a line break")
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
