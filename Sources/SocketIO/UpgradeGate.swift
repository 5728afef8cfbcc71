import NIOCore
import NIOHTTP1

/// Sits before the upgrade handler and turns any answer but 101 into an error with the status, which the
/// upgrade handler does not report.
final class UpgradeGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    struct Refusal: Error {
        let status: Int
    }

    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isRefused { return }
        guard case .head(let head) = unwrapInboundIn(data), head.status != .switchingProtocols else {
            context.fireChannelRead(data)
            return
        }
        isRefused = true
        context.fireErrorCaught(Refusal(status: Int(head.status.code)))
    }
}
