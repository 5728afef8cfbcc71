/// Where and how to connect. Nothing is checked here: `SocketIOClient.withConnection` throws `unusableURL` or
/// `invalidConfiguration` for what cannot be used.
package struct SocketIOConfiguration: Sendable {
    /// `http(s)://host[:port][/prefix]`. The request goes to `<prefix>/socket.io/`.
    package var url: String
    /// The one namespace to connect: `/` or `/name`.
    package var namespace: String
    /// A JSON object for the CONNECT packet, as text. It is sent, and never shown.
    package var auth: String?
    /// Sent with the WebSocket request. Those that belong to the handshake itself are left out.
    package var extraHeaders: [(String, String)]
    /// One deadline over TCP connect, TLS, upgrade, Engine.IO open and namespace connect.
    package var handshakeTimeout: Duration
    /// Bytes of one message from the server, with all its attachments. Events waiting to be consumed may come to
    /// twice this before the connection is ended. What is sent is bounded by it only if the server says no bound.
    package var maximumPayloadSize: Int
    /// A PEM file of certificate authorities to trust besides the system's.
    package var additionalTrustRoots: String?
    /// The proxy to go through, with a tunnel for `http` too: a WebSocket is no request that a proxy can pass on.
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
    /// Checks what needs no I/O, except for the URL and the headers. No message repeats a secret.
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
