import FoundationEssentials
import NIOCore

/// The parsed server URL: where to connect and what to request.
package struct Endpoint: Equatable, Sendable {
    let isSecure: Bool
    /// Without the brackets of an IPv6 literal.
    let host: String
    let port: Int
    /// Path and query of the WebSocket request.
    let target: String
    /// The value of the Host header.
    let authority: String

    /// The URL without secrets. `http(s)` instead of `ws(s)`, because that is what the user wrote.
    var description: String { "\(isSecure ? "https" : "http")://\(authority)\(prefix)" }

    /// Whether the host is an IP address, which certificates list separately and SNI does not allow.
    var isAddress: Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }

    private let prefix: String

    /// Why a URL cannot be a server's; nil if it can.
    package static func problem(with url: String) -> String? {
        do {
            _ = try Endpoint(url: url)
            return nil
        } catch {
            guard case .unusableURL(_, let reason) = error else { return "\(error)" }
            return reason
        }
    }

    init(url: String) throws(SocketIOError) {
        func unusable(_ reason: String) -> SocketIOError {
            .unusableURL(url: Self.withoutSecrets(url), reason: reason)
        }
        guard url.utf8.allSatisfy(Self.isPlain) else {
            throw unusable("it contains a blank or a quotation mark")
        }
        guard let parts = URLComponents(string: url) else { throw unusable("it is not a URL") }
        switch parts.scheme?.lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        default: throw unusable("it must begin with http:// or https://")
        }
        guard parts.user == nil, parts.password == nil else {
            throw unusable("it must have no user or password")
        }
        guard parts.query == nil, parts.fragment == nil else {
            throw unusable("it must have no query or fragment")
        }
        guard let host = Self.bareHost(parts.encodedHost) else { throw unusable("it must have a host name") }
        // URLComponents drops a port with too many digits.
        let isPortLost = parts.port == nil && Self.hasPort(url)
        port = parts.port ?? (isSecure ? 443 : 80)
        guard !isPortLost, (1...65535).contains(port) else { throw unusable("its port is out of range") }

        self.host = host
        let name = host.contains(":") ? "[\(host)]" : host
        authority = port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
        prefix = String(parts.percentEncodedPath.reversed().drop { $0 == "/" }.reversed())
        target = "\(prefix)/socket.io/?EIO=4&transport=websocket"
    }

    /// Blanks and quotation marks are typing or quoting errors. Foundation would percent-encode them, and so
    /// address another server.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && !"\"'`<>\\^{|}".utf8.contains(byte)
    }

    /// Whether the host is followed by a port.
    private static func hasPort(_ url: String) -> Bool {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { $0 != "/" }
        guard let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") else {
            return false
        }
        return authority.index(after: colon) < authority.endIndex
    }

    static func bareHost(_ host: String?) -> String? {
        guard var host else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "-._:".utf8.contains(byte)
            }
        }
        return isPlain && !host.isEmpty && host.utf8.count <= 253 ? host : nil
    }

    /// Removes user, password, query and fragment, even from an invalid URL.
    package static func withoutSecrets(_ url: String) -> String {
        let head = url.prefix { $0 != "?" && $0 != "#" }
        guard let at = head.lastIndex(of: "@") else { return String(head) }
        let scheme = head.firstRange(of: "://").map { head[..<$0.upperBound] } ?? ""
        return "\(scheme)…@\(head[head.index(after: at)...])"
    }
}
