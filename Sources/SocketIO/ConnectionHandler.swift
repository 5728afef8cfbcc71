import Logging
import NIOCore
import NIOWebSocket

/// One connection from its first step to its end, on one event loop.
///
/// Owns the protocol machine, the timers, the channel and the waiting calls, and carries out the machine's
/// actions. Created before there is a channel, and added to the pipeline once the WebSocket is open, so that
/// all connections end in the same way: `end`. Used only on its event loop; tasks use `SocketIOConnection`.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame
    typealias Reply<Value> = CheckedContinuation<Result<Value, SocketIOError>, Never>

    struct AcknowledgementWaiter {
        let reply: Reply<SocketIOAcknowledgement>
        let timeout: Scheduled<Void>
    }

    let eventLoop: any EventLoop
    let setup: ConnectionSetup
    let events: EventQueue
    let ending = Ending()
    let logger: Logger

    var machine: ProtocolMachine<AcknowledgementWaiter>
    /// The channels that are connecting; after TCP, the connected one.
    var channels: [any Channel] = []
    var opening: Reply<Void>?
    var writes: [Int: Reply<Void>] = [:]
    /// Nil before the WebSocket is open and after the channel is gone.
    private(set) var context: ChannelHandlerContext?
    var closeWaiters: [CheckedContinuation<Void, Never>] = []
    /// Answers to pings that have not been written to the socket yet.
    var unsentAnswers = 0
    var watchdog: Scheduled<Void>?
    var deadline: Scheduled<Void>?

    init(setup: ConnectionSetup, on eventLoop: any EventLoop, logger: Logger) {
        self.setup = setup
        self.eventLoop = eventLoop
        self.logger = logger
        let configuration = setup.configuration
        events = EventQueue(limit: 2 * configuration.maximumPayloadSize)
        machine = ProtocolMachine(
            namespace: configuration.namespace, auth: configuration.auth,
            maximumPayloadSize: configuration.maximumPayloadSize)
    }

    var hasEnded: Bool {
        if case .ended = machine.stage { true } else { false }
    }

    // MARK: From the channel

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        end(.connectionLost(reason: "the connection was closed"))
        for waiter in closeWaiters { waiter.resume() }
        closeWaiters = []
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.connectionLost(reason: "the server closed the connection without a close frame"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(TransportFailure.running(error, maximumPayloadSize: setup.configuration.maximumPayloadSize))
    }

    private func received(_ frame: WebSocketFrame) {
        if hasEnded {
            if frame.opcode == .connectionClose { closeTransport() }
            return
        }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return end(.protocolViolation(reason: "it sent a frame of an extension that was not offered"))
        }
        switch frame.opcode {
        case .text: perform(machine.received(text: Array(buffer: frame.unmaskedData), at: now))
        case .binary: perform(machine.received(binary: Array(buffer: frame.unmaskedData), at: now))
        case .ping: answer(.pong, frame.unmaskedData)
        case .connectionClose: end(.closedByServer(reason: CloseFrame.words(for: frame.unmaskedData)))
        default: break
        }
    }
}
