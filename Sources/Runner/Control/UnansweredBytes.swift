import NIOCore

/// Keeps the bytes of a request until it is taken up, so that they can be left to the next image of the
/// runner, and bounds them.
///
/// Stands before the decoder, which takes bytes one by one and gives none back.
final class UnansweredBytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// A body in small chunks takes several times its size.
    static let limit = 4 * ControlAdmission.longestBody

    private(set) var bytes = ByteBuffer()
    /// Called on the first byte of each request.
    var began: () -> Void = {}
    /// Drops what comes from now on.
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
