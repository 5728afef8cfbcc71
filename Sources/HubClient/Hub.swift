/// The hub's address and how to authenticate to it.
package struct Hub: Sendable {
    /// As configured, unmodified: it is part of the runner's identity.
    package let url: String
    package let token: String
    /// Sent with every request, as HAPI's own programs do.
    package let extraHeaders: [String: String]
    /// A PEM file of additional certificates to trust; nil for the system's only.
    package let extraTrustRoots: String?
    /// The environment variables for proxies.
    package let proxies: [String: String]

    package init(
        url: String, token: String, extraHeaders: [String: String] = [:], extraTrustRoots: String? = nil,
        environment: [String: String] = [:]
    ) {
        self.url = url
        self.token = token
        self.extraHeaders = extraHeaders
        self.extraTrustRoots = extraTrustRoots
        proxies = environment.filter { $0.key.lowercased().hasSuffix("_proxy") }
    }

    /// The part after the token's last colon (hub contract §3.1); nil without a colon.
    package var namespace: String? {
        token.lastIndex(of: ":").map { String(token[token.index(after: $0)...]) }
    }
}
