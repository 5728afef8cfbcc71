import NIOCore
import NIOSSL
import NIOTLS

/// Waits for the TLS handshake, has the certificate's name verified, and removes itself from the pipeline.
/// Nothing is sent before.
final class TLSGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let endpoint: Endpoint
    private let opened: (Result<Void, any Error>) -> Void

    /// `opened` is called on the event loop.
    init(_ endpoint: Endpoint, opened: @escaping (Result<Void, any Error>) -> Void) {
        self.endpoint = endpoint
        self.opened = opened
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case TLSUserEvent.handshakeCompleted = event else { return }
        let pipeline = context.pipeline.syncOperations
        do {
            try ServerCertificate.check(pipeline.nioSSL_peerCertificate(), for: endpoint)
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
}
