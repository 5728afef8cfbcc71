import FoundationEssentials

/// The HTTP proxy for a server, from the environment.
package struct Proxy: Equatable, Sendable {
    package let host: String
    package let port: Int
    /// User and password for the proxy. Never shown.
    package let login: Login?

    package struct Login: Equatable, Sendable {
        package let user: String
        package let password: String

        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    /// Without the login, for messages.
    package var name: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    /// The proxy for a server's URL: from `https_proxy` or `http_proxy`, depending on the URL's scheme, else
    /// from `all_proxy`, in lower or upper case; nil if there is none. Not for servers in `no_proxy`, and
    /// never for this machine.
    ///
    /// Throws `invalidConfiguration`, with the variable's name, if the proxy is unusable.
    package static func find(
        for url: String, environment: [String: String]
    ) throws(SocketIOError) -> Proxy? {
        let endpoint = try Endpoint(url: url)
        guard !endpoint.isThisMachine else { return nil }
        for name in [endpoint.isSecure ? "https_proxy" : "http_proxy", "all_proxy"] {
            guard let (variable, value) = lookUp(name, environment) else { continue }
            let exceptions = lookUp("no_proxy", environment)?.value ?? ""
            return NoProxy(exceptions).covers(endpoint) ? nil : try Proxy(value, from: variable)
        }
        return nil
    }

    /// An empty variable counts as unset.
    private static func lookUp(_ name: String, _ environment: [String: String]) -> (
        name: String, value: String
    )? {
        for name in [name, name.uppercased()] {
            if let value = environment[name], !value.isEmpty { return (name, value) }
        }
        return nil
    }

    private init(_ value: String, from variable: String) throws(SocketIOError) {
        func unusable(_ reason: String) -> SocketIOError {
            .invalidConfiguration(reason: "\(variable) \(reason)")
        }
        let needed = "must be an HTTP proxy such as http://proxy.example:3128"
        guard let parts = URLComponents(string: value.contains("://") ? value : "http://\(value)"),
            let scheme = parts.scheme?.lowercased(), let host = Endpoint.bareHost(parts.encodedHost)
        else { throw unusable("is not a URL; it \(needed)") }
        if scheme.hasPrefix("socks") {
            throw unusable(
                "names a SOCKS proxy, which is not supported; it \(needed), or no_proxy must name the hub")
        }
        guard scheme == "http" else {
            throw unusable(
                "names a proxy with the scheme \(scheme), which is not supported; it \(needed)")
        }
        self.host = host
        port = parts.port ?? 80
        guard (1...65535).contains(port) else { throw unusable("has a port out of range") }
        login = parts.user.map { Login(user: $0, password: parts.password ?? "") }
    }
}

/// The servers to reach without a proxy: host names with their subdomains, or addresses, optionally with a
/// port, or `*` for all.
private struct NoProxy {
    private let entries: [String]

    init(_ value: String) {
        entries = value.lowercased().split { $0 == "," || $0 == " " || $0 == "\t" }.map(String.init)
    }

    func covers(_ endpoint: Endpoint) -> Bool {
        let host = endpoint.host.lowercased()
        return entries.contains { entry in
            if entry == "*" { return true }
            var name = entry
            if let (bare, port) = Self.split(entry) {
                guard port == endpoint.port else { return false }
                name = bare
            }
            if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
            while name.first == "." || name.first == "*" { name.removeFirst() }
            return !name.isEmpty && (host == name || (!endpoint.isAddress && host.hasSuffix("." + name)))
        }
    }

    /// A name and its port; nil if there is no port. A plain IPv6 address has colons too.
    private static func split(_ entry: String) -> (String, Int)? {
        guard let colon = entry.lastIndex(of: ":"), let port = Int(entry[entry.index(after: colon)...]) else {
            return nil
        }
        let name = String(entry[..<colon])
        return name.contains(":") && !name.hasSuffix("]") ? nil : (name, port)
    }
}

extension Endpoint {
    fileprivate var isThisMachine: Bool {
        let host = host.lowercased()
        return host == "localhost" || host.hasSuffix(".localhost") || host == "::1"
            || (isAddress && host.hasPrefix("127."))
    }
}
