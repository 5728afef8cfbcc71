import NIOHTTP1

/// The HTTP request for the WebSocket.
enum UpgradeRequest {
    /// Throws `invalidConfiguration` for an invalid header; the error never contains its value.
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

    /// Headers that the upgrade sets itself, or that would change how the request is framed. No extensions
    /// are offered, so no compression.
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
