import NIOCore
import NIOSSL
import NIOTLS

/// Waits behind the TLS handler for the handshake, has the last word on the certificate's name, and leaves.
///
/// The TLS library verifies the chain and the name, but to a connection made by host name it also accepts a
/// certificate for the *address* it was led to: whoever forges a DNS answer and holds a certificate for an address
/// of his own would pass. So nothing is sent before the name itself has been found here.
final class TLSGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let hostName: String?
    private let opened: (Result<Void, any Error>) -> Void

    /// `hostName` is nil if the connection was made by address. `opened` is called on the event loop.
    init(hostName: String?, opened: @escaping (Result<Void, any Error>) -> Void) {
        self.hostName = hostName
        self.opened = opened
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case TLSUserEvent.handshakeCompleted = event else { return }
        let pipeline = context.pipeline.syncOperations
        do {
            try check(pipeline.nioSSL_peerCertificate())
            pipeline.removeHandler(self, promise: nil)
            opened(.success(()))
        } catch {
            opened(.failure(error))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { opened(.failure(error)) }

    func channelInactive(context: ChannelHandlerContext) {
        opened(.failure(ChannelError.eof))
        context.fireChannelInactive()
    }

    private func check(_ certificate: NIOSSLCertificate?) throws {
        guard let certificate else { throw NIOSSLError.noCertificateToValidate }
        guard let hostName else { return }
        let names = certificate._subjectAlternativeNames()
        let dnsNames = names.filter { $0.nameType == .dnsName }.map {
            String(decoding: $0.contents, as: UTF8.self)
        }
        // Without any alternative name the library has compared the common name.
        guard names.isEmpty || dnsNames.contains(where: { CertificateName.matches($0, host: hostName) })
        else {
            throw NIOSSLExtraError.failedToValidateHostname
        }
    }
}

/// How a DNS name in a certificate covers a host name (RFC 6125): equal, or `*.` for exactly one label.
enum CertificateName {
    static func matches(_ name: String, host: String) -> Bool {
        let name = labels(of: name)
        let host = labels(of: host)
        guard name.count == host.count, !host.contains("") else { return false }
        if name.first == "*" { return name.count > 2 && name.dropFirst() == host.dropFirst() }
        return name == host
    }

    private static func labels(of name: String) -> [String] {
        let name = name.hasSuffix(".") ? String(name.dropLast()) : name
        return name.lowercased().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }
}
