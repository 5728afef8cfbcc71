/// Where the hub is, as whom to speak to it, and how.
package struct Hub: Sendable {
    /// As configured, unchanged: it is part of the runner's identity.
    package let url: String
    package let token: String
    /// Sent with every request, as HAPI's own programs send them.
    package let extraHeaders: [String: String]
    /// A PEM file of certificates to trust besides the system's; nil for the system's alone.
    package let extraTrustRoots: String?
    /// The variables that name proxies, and what is reached without.
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

    /// What stands behind the token's last colon (hub contract §3.1); nil without one.
    package var namespace: String? {
        token.lastIndex(of: ":").map { String(token[token.index(after: $0)...]) }
    }
}
