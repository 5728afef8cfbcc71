import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// Describes errors of the transport libraries for people. No decision depends on the text.
package enum TransportFailure {
    /// For a connection to this URL that another library failed to open.
    package static func opening(_ error: any Error, at url: String) -> SocketIOError {
        do { return opening(error, at: try Endpoint(url: url)) } catch { return error }
    }

    /// For errors before the WebSocket is open.
    static func opening(_ error: any Error, at endpoint: Endpoint) -> SocketIOError {
        let url = endpoint.description
        return switch error {
        case let error as SocketIOError: error
        case let refusal as UpgradeGate.Refusal: .upgradeRefused(url: url, status: refusal.status)
        case NIOSSLError.uncleanShutdown: .cannotConnect(url: url, reason: "the server closed the connection")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            .tlsFailed(url: url, reason: tlsWords(for: error, host: endpoint.host))
        case is NIOHTTPClientUpgradeError, is HTTPParserError:
            .cannotConnect(url: url, reason: httpWords(for: error))
        default: .cannotConnect(url: url, reason: words(for: error))
        }
    }

    /// For a proxy that could not connect to the server.
    package static func reaching(_ proxy: Proxy, _ error: any Error, at url: String) -> SocketIOError {
        do { return reaching(proxy, error, for: try Endpoint(url: url)) } catch { return error }
    }

    static func reaching(_ proxy: Proxy, _ error: any Error, for endpoint: Endpoint) -> SocketIOError {
        let how =
            switch error {
            case ProxyTunnel.Failure.refused(status: 407):
                proxy.login == nil
                    ? "requires a user name and password (http://USER:PASSWORD@\(proxy.name) in the variable)"
                    : "does not accept the user name and password in the variable"
            case ProxyTunnel.Failure.refused(let status):
                "refuses to connect to \(endpoint.authority): status \(status)"
            case ProxyTunnel.Failure.notHTTP: "does not answer as an HTTP proxy"
            case ProxyTunnel.Failure.closed, ChannelError.eof: "closed the connection"
            default: "is unreachable: \(words(for: error))"
            }
        return .cannotConnect(url: endpoint.description, reason: "the proxy \(proxy.name) \(how)")
    }

    /// For errors after the WebSocket is open.
    static func running(_ error: any Error, maximumPayloadSize: Int) -> SocketIOError {
        switch error {
        case NIOWebSocketError.invalidFrameLength,
            NIOWebSocketFrameAggregator.Error.accumulatedFrameSizeIsTooLarge:
            .incomingMessageTooLarge(limit: maximumPayloadSize)
        case is NIOWebSocketError, is NIOWebSocketFrameAggregator.Error:
            .protocolViolation(reason: "it sent a WebSocket frame that is not allowed (\(error))")
        case NIOSSLError.uncleanShutdown:
            .connectionLost(reason: "the server closed the connection without a close frame")
        case is NIOSSLError: .connectionLost(reason: "TLS failed")
        default: .connectionLost(reason: words(for: error))
        }
    }

    private static func words(for error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: words(for: error)
        case let error as IOError: errorNumberWords(error.errnoCode)
        case ChannelError.connectTimeout: "the connection timed out"
        case ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed,
            ChannelError.inappropriateOperationForState:
            "the server closed the connection"
        // The library's description is not used, because it may contain secrets.
        default: "an error of an unknown kind (\(type(of: error)))"
        }
    }

    private static func words(for error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.first {
            let address = failure.target.ipAddress.map { " (\($0))" } ?? ""
            return words(for: failure.error) + address
        }
        return "the host name \(error.host) has no address"
    }

    private static func httpWords(for error: any Error) -> String {
        switch error {
        case HTTPParserError.invalidEOFState: "the server closed the connection without an answer"
        case is HTTPParserError: "the server's answer is not HTTP"
        default: "the server's answer is not a WebSocket handshake"
        }
    }

    private static func tlsWords(for error: any Error, host: String) -> String {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "the server's certificate is not valid for \(host)"
        case NIOSSLError.unableToValidateCertificate, NIOSSLError.noCertificateToValidate:
            "the server's certificate cannot be verified"
        case NIOSSLError.handshakeFailed(.sslError(let stack)):
            stack.first.map { handshakeWords(for: $0) } ?? "the TLS handshake failed"
        default: "the TLS handshake failed"
        }
    }

    /// BoringSSL gives the reason only in a text such as `Error: 268435581 error:1000007d:SSL
    /// routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …`.
    private static func handshakeWords(for error: BoringSSLInternalError) -> String {
        let text = error.description.prefix { $0 != "/" }
        let token = text.split(separator: ":").last?.split(separator: " ").first ?? ""
        return switch token {
        case "CERTIFICATE_VERIFY_FAILED":
            "the server's certificate is not trusted (unknown authority, expired, or not yet valid)"
        case "WRONG_VERSION_NUMBER": "the server does not speak TLS on this port"
        case "EOF": "the server closed the connection during the TLS handshake"
        case "": "the TLS handshake failed"
        default:
            "the TLS handshake failed: \(token.lowercased().split(separator: "_").joined(separator: " "))"
        }
    }
}
