/// Where and how to connect. Not validated here: `SocketIOClient.withConnection` throws `unusableURL` or
/// `invalidConfiguration`.
package struct SocketIOConfiguration: Sendable {
    /// `http(s)://host[:port][/prefix]`. The request goes to `<prefix>/socket.io/`.
    package var url: String
    /// The one namespace to connect: `/` or `/name`.
    package var namespace: String
    /// A JSON object for the CONNECT packet, as text. Never shown.
    package var auth: String?
    /// Sent with the WebSocket request, except for headers of the handshake itself.
    package var extraHeaders: [(String, String)]
    /// A single deadline for TCP connect, TLS, upgrade, Engine.IO open and namespace connect.
    package var handshakeTimeout: Duration
    /// Maximum bytes of a message from the server with all its attachments. If events waiting for their
    /// consumer exceed twice this, the connection is ended. Limits sent messages only if the server states no
    /// limit.
    package var maximumPayloadSize: Int
    /// A PEM file of certificate authorities to trust besides the system's.
    package var additionalTrustRoots: String?
    /// The proxy to use. `http` is tunnelled too, because proxies cannot forward a WebSocket.
    package var proxy: Proxy?

    package init(
        url: String,
        namespace: String = "/",
        auth: String?,
        extraHeaders: [(String, String)] = [],
        handshakeTimeout: Duration = .seconds(10),
        maximumPayloadSize: Int = 48 << 20,
        additionalTrustRoots: String? = nil,
        proxy: Proxy? = nil
    ) {
        self.url = url
        self.namespace = namespace
        self.auth = auth
        self.extraHeaders = extraHeaders
        self.handshakeTimeout = handshakeTimeout
        self.maximumPayloadSize = maximumPayloadSize
        self.additionalTrustRoots = additionalTrustRoots
        self.proxy = proxy
    }
}

extension SocketIOConfiguration {
    /// Validates what needs no I/O, except for the URL and the headers. Errors contain no secrets.
    func validate() throws(SocketIOError) {
        guard namespace.first == "/", !namespace.contains(where: { $0 == "," || $0 == "?" }) else {
            throw .invalidConfiguration(reason: "the namespace must begin with / and have no comma or query")
        }
        guard (1...Int(UInt32.max)).contains(maximumPayloadSize) else {
            throw .invalidConfiguration(reason: "the maximum payload size is out of range")
        }
        guard handshakeTimeout > .zero, handshakeTimeout <= .seconds(86_400) else {
            throw .invalidConfiguration(reason: "the handshake timeout is out of range")
        }
        if let auth, !Self.looksLikeObject(auth) {
            throw .invalidConfiguration(reason: "the auth text is not a JSON object")
        }
    }

    private static func looksLikeObject(_ text: String) -> Bool {
        let text = JSONArraySplitter.trimmed(Array(text.utf8)[...])
        return text.count >= 2 && text.first == UInt8(ascii: "{") && text.last == UInt8(ascii: "}")
    }
}
