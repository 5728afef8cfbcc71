import FoundationEssentials
import NIOCore

/// Asks a proxy for a tunnel to the server (CONNECT, RFC 9110 §9.3.6), and removes itself from the pipeline
/// when the tunnel is open.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Failure: Error, Equatable {
        case refused(status: Int)
        case notHTTP
        case closed
    }

    private static let longestHead = 16 << 10

    private let request: String
    private let opened: (Result<Void, any Error>) -> Void
    private var answer = ByteBuffer()
    private var isOver = false

    /// `opened` is called on the event loop, once.
    init(to endpoint: Endpoint, through proxy: Proxy, opened: @escaping (Result<Void, any Error>) -> Void) {
        let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        var request = "CONNECT \(host):\(endpoint.port) HTTP/1.1\r\nHost: \(host):\(endpoint.port)\r\n"
        if let login = proxy.login {
            let credentials = Data("\(login.user):\(login.password)".utf8).base64EncodedString()
            request += "Proxy-Authorization: Basic \(credentials)\r\n"
        }
        self.request = request + "\r\n"
        self.opened = opened
    }

    /// Call it when the handler is in the pipeline and the channel is active.
    func begin(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        let context = try pipeline.context(handler: self)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return context.fireChannelRead(data) }
        var more = unwrapInboundIn(data)
        answer.writeBuffer(&more)
        guard let end = endOfHead else {
            if answer.readableBytes > Self.longestHead { finish(context, .failure(Failure.notHTTP)) }
            return
        }
        let head = answer.readString(length: end) ?? ""
        let words = head.prefix { $0 != "\r\n" && $0 != "\n" }.split(separator: " ")
        guard words.count > 1, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            return finish(context, .failure(Failure.notHTTP))
        }
        guard (200..<300).contains(status) else {
            return finish(context, .failure(Failure.refused(status: status)))
        }
        finish(context, .success(()))
    }

    private var endOfHead: Int? {
        answer.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)).map {
            $0.upperBound - answer.readerIndex
        }
    }

    private func finish(_ context: ChannelHandlerContext, _ result: Result<Void, any Error>) {
        isOver = true
        opened(result)
        guard case .success = result else { return }
        // The next handlers are in place by now; pass on bytes that the server has already sent.
        if answer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(answer)) }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isOver { context.fireErrorCaught(error) } else { finish(context, .failure(error)) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOver { finish(context, .failure(Failure.closed)) }
        context.fireChannelInactive()
    }
}
