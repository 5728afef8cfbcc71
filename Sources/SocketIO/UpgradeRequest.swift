import NIOHTTP1

/// The HTTP request that asks for the WebSocket.
enum UpgradeRequest {
    /// Throws `invalidConfiguration` for a header that would break the request; values are never repeated.
    static func head(
        for endpoint: Endpoint, extraHeaders: [(String, String)]
    ) throws(SocketIOError) -> HTTPRequestHead {
        var headers = HTTPHeaders()
        for (name, value) in extraHeaders {
            guard HeaderField.isName(name) else {
                throw .invalidConfiguration(
                    reason: "an extra header's name is empty or has forbidden characters")
            }
            guard HeaderField.isValue(value) else {
                throw .invalidConfiguration(
                    reason: "the extra header \(name) has a value with control characters")
            }
            if !belongsToHandshake(name) { headers.add(name: name, value: value) }
        }
        headers.add(name: "Host", value: endpoint.authority)
        return HTTPRequestHead(version: .http1_1, method: .GET, uri: endpoint.target, headers: headers)
    }

    /// Set by the upgrade itself, or able to frame the request anew. Extensions are not offered: no compression.
    private static func belongsToHandshake(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.hasPrefix("sec-websocket-")
            || [
                "host", "connection", "upgrade", "content-length", "transfer-encoding", "te", "trailer",
                "expect",
            ]
            .contains(name)
    }
}
