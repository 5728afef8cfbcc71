import NIOHTTP1
import NIOSSL

/// A validated configuration with the objects made from it.
struct ConnectionSetup: Sendable {
    let configuration: SocketIOConfiguration
    let endpoint: Endpoint
    let request: HTTPRequestHead
    /// Nil without TLS.
    let tls: NIOSSLContext?

    /// Throws `unusableURL` or `invalidConfiguration`. Reads the certificate authorities from disk.
    init(_ configuration: SocketIOConfiguration) throws(SocketIOError) {
        try configuration.validate()
        self.configuration = configuration
        endpoint = try Endpoint(url: configuration.url)
        request = try UpgradeRequest.head(for: endpoint, extraHeaders: configuration.extraHeaders)
        tls = endpoint.isSecure ? try Self.tlsContext(trusting: configuration.additionalTrustRoots) : nil
    }

    /// Verifies chain and name, which is the library's default for clients.
    private static func tlsContext(trusting path: String?) throws(SocketIOError) -> NIOSSLContext {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.applicationProtocols = ["http/1.1"]
        // How long a close waits for the peer's close_notify.
        tls.shutdownTimeout = .seconds(1)
        if let path { tls.additionalTrustRoots = [.file(path)] }
        do {
            return try NIOSSLContext(configuration: tls)
        } catch {
            let roots = path.map { "the system's or those in \($0)" } ?? "the system's"
            throw .invalidConfiguration(reason: "the certificate authorities cannot be read, \(roots)")
        }
    }
}
