import CProcess
import Glibc
import Home
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Processes

/// Accepts connections on the listening socket, looks up the owner of each once, and serves it.
///
/// Not a NIO server channel, because that closes its socket, and this one is passed to the runner's next
/// image.
struct ControlAcceptor: Sendable {
    /// Pause when descriptors or memory run out; there is no event that would end it.
    private static let shortage = Duration.milliseconds(100)

    let socket: ListeningSocket
    let connections: NIOLoopBound<ControlConnections>
    let eventLoop: any EventLoop
    let logger: Logger

    /// Accepts until cancelled. Connections that are not accepted queue in the kernel.
    func run() async {
        var told: Int32 = 0
        while !Task.isCancelled {
            let descriptor = cprocess_accept(socket.descriptor)
            if descriptor >= 0 {
                told = 0
                take(descriptor)
                continue
            }
            switch -descriptor {
            case EAGAIN: await waitUntilReadable(socket.descriptor)
            case EINTR, ECONNABORTED: continue
            case let code:
                if code != told {
                    logger.error("cannot accept a connection", metadata: ["error": "\(errorText(code))"])
                }
                told = code
                // Ends early when the task is cancelled.
                try? await Task.sleep(for: Self.shortage)
            }
        }
    }

    private func take(_ descriptor: Int32) {
        let owner = ConnectionOwner.of(descriptor)
        // No owner: the peer has disconnected, and needs no answer.
        guard owner != nil || ConnectionOwner.isConnected(descriptor) else {
            close(descriptor)
            return
        }
        serve(descriptor, of: owner)
    }

    /// Continues a connection that an earlier image of the runner left.
    func resume(_ held: HeldConnection) {
        _ = fcntl(held.descriptor, F_SETFD, FD_CLOEXEC)
        guard let owner = ConnectionOwner.of(held.descriptor) else {
            close(held.descriptor)
            return
        }
        serve(held.descriptor, of: owner, ByteBuffer(bytes: held.bytes))
    }

    private func serve(_ descriptor: Int32, of owner: ConnectionOwner?, _ read: ByteBuffer = ByteBuffer()) {
        let connections = connections
        let channel = ClientBootstrap(group: eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let unanswered = UnansweredBytes()
                    try channel.pipeline.syncOperations.addHandlers([
                        unanswered,
                        ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: Self.limits)),
                        ControlConnection(descriptor, of: owner, in: connections.value, unanswered),
                    ])
                }
            }
            .withConnectedSocket(descriptor)
        channel.whenSuccess { channel in
            guard read.readableBytes > 0 else { return }
            channel.pipeline.fireChannelRead(read)
            channel.pipeline.fireChannelReadComplete()
        }
        // The connection was closed before it was served; NIO has closed the descriptor.
        channel.whenFailure { [logger] in logger.debug("a connection is gone", metadata: ["error": "\($0)"]) }
    }

    private static let limits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16 << 10
        limits.maxHeaderListSize = 16 << 10
        limits.maxHeaderFieldCount = 100
        return limits
    }()
}
