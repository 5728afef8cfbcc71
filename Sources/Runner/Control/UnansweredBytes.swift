import NIOCore

/// Keeps the bytes of a request until it is started, so that they can be passed to the next image of the
/// runner, and limits their number.
///
/// Sits before the HTTP decoder, which does not give back the bytes it has consumed.
final class UnansweredBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// In bytes. A chunked body with small chunks takes several times its size.
    static let limit = 4 * ControlAdmission.longestBody

    private(set) var bytes = ByteBuffer()
    /// Called on the first byte of each request.
    var began: () -> Void = {}
    /// Drops further input.
    var isDeaf = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDeaf else { return }
        var new = unwrapInboundIn(data)
        let isFirst = bytes.readableBytes == 0
        if isFirst { bytes = new } else { bytes.writeBuffer(&new) }
        if isFirst { began() }
        guard bytes.readableBytes <= Self.limit else {
            return context.fireErrorCaught(ControlAdmission.tooLarge)
        }
        context.fireChannelRead(data)
    }

    func clear() { bytes = ByteBuffer() }
}
