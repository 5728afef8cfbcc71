import FoundationEssentials
import NIOCore

/// The server's URL taken apart: where to connect, and what to ask for.
package struct Endpoint: Equatable, Sendable {
    let isSecure: Bool
    /// Without the brackets of an IPv6 literal.
    let host: String
    let port: Int
    /// Path and query of the WebSocket request.
    let target: String
    /// The value of the Host header.
    let authority: String

    /// The URL as it may be shown: `ws(s)` is not used, as it is not what the user wrote.
    var description: String { "\(isSecure ? "https" : "http")://\(authority)\(prefix)" }

    /// Certificates name IP addresses apart from host names, and SNI does not know them.
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
            throw unusable("it holds a blank or a quotation mark")
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
        // A port with too many digits counts as none there.
        let isPortLost = parts.port == nil && Self.hasPort(url)
        port = parts.port ?? (isSecure ? 443 : 80)
        guard !isPortLost, (1...65535).contains(port) else { throw unusable("its port is out of range") }

        self.host = host
        let name = host.contains(":") ? "[\(host)]" : host
        authority = port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
        prefix = String(parts.percentEncodedPath.reversed().drop { $0 == "/" }.reversed())
        target = "\(prefix)/socket.io/?EIO=4&transport=websocket"
    }

    /// Blanks and quotation marks come from a shell or a file that was written wrong; Foundation would encode
    /// them, and ask another server.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && !"\"'`<>\\^{|}".utf8.contains(byte)
    }

    /// Whether digits stand behind the host.
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

    /// User, password, query and fragment cut out, also of what is no proper URL.
    package static func withoutSecrets(_ url: String) -> String {
        let head = url.prefix { $0 != "?" && $0 != "#" }
        guard let at = head.lastIndex(of: "@") else { return String(head) }
        let scheme = head.firstRange(of: "://").map { head[..<$0.upperBound] } ?? ""
        return "\(scheme)…@\(head[head.index(after: at)...])"
    }
}
