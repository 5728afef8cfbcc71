import AsyncHTTPClient
import Home
import NIOPosix
import NIOSSL

/// The tests' HTTP client: unlimited connections, and a refused connection fails at once. Doesn't verify
/// certificates.
enum WebClient {
    static let shared: HTTPClient = {
        // A busy machine takes long to accept a connection.
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(60)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        configuration.tlsConfiguration = tls
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }()
}
