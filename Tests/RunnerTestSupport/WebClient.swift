import AsyncHTTPClient
import Home
import NIOPosix
import NIOSSL

/// The tests' HTTP client: as many connections as a test wants, and a connection that is refused is
/// an error at once. It asks no stand-in for its certificate.
enum WebClient {
    static let shared: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        configuration.tlsConfiguration = tls
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }()
}
