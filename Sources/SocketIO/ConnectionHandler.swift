import Logging
import NIOCore
import NIOWebSocket

/// One connection from its first step to its end, on one event loop.
///
/// It owns the protocol machine, the timers, the channel and everyone who waits for a call of theirs, and carries
/// out the machine's actions. It is created before there is a channel and joins the pipeline once the WebSocket is
/// open, so that every way to an end is the same one: `end`.
/// Only its event loop touches it. `SocketIOConnection` is its face for tasks.
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
    /// Channels that connect or are connected; one of them once TCP is through.
    var channels: [any Channel] = []
    var opening: Reply<Void>?
    var writes: [Int: Reply<Void>] = [:]
    private(set) var context: ChannelHandlerContext?
    private var closeWaiters: [CheckedContinuation<Void, Never>] = []
    private var watchdog: Scheduled<Void>?
    var deadline: Scheduled<Void>?

    /// How long the server has to answer a WebSocket close.
    private static let closeGrace = Duration.seconds(2)

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
        end(.connectionLost(reason: "the server closed it without a goodbye"))
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
        case .ping: write(.pong, frame.unmaskedData, promise: nil)
        case .connectionClose: end(.closedByServer(reason: CloseFrame.words(for: frame.unmaskedData)))
        default: break
        }
    }

    // MARK: Actions

    func perform(_ actions: [ProtocolMachine<AcknowledgementWaiter>.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes): write(.text, ByteBuffer(bytes: bytes), promise: nil)
            case .connected: connected()
            case .deliver(let event): deliver(event)
            case .resume(let waiter, let acknowledgement):
                waiter.timeout.cancel()
                waiter.reply.resume(returning: .success(acknowledgement))
            case .watch(let time): watch(until: time)
            case .note(let note): log(note)
            case .end(let reason, let failing): ended(reason, failing: failing)
            }
        }
    }

    /// The one way to an end; only the first reason counts.
    func end(_ reason: SocketIOError) { perform(machine.end(reason)) }

    private func connected() {
        deadline?.cancel()
        opening?.resume(returning: .success(()))
        opening = nil
        logger.debug("connected", metadata: ["url": "\(setup.endpoint.description)"])
    }

    private func deliver(_ event: SocketIOEvent) {
        if !events.push(event) { end(.eventsNotConsumed(limit: events.limit)) }
    }

    private func ended(_ reason: SocketIOError, failing waiters: [AcknowledgementWaiter]) {
        watchdog?.cancel()
        deadline?.cancel()
        for waiter in waiters {
            waiter.timeout.cancel()
            waiter.reply.resume(returning: .failure(reason))
        }
        for write in writes.values { write.resume(returning: .failure(reason)) }
        writes = [:]
        opening?.resume(returning: .failure(reason))
        opening = nil
        events.finish()
        ending.reach(reason)
        logger.debug("ended", metadata: ["url": "\(setup.endpoint.description)", "reason": "\(reason)"])
        close(sending: CloseFrame.code(for: reason))
    }

    private func log(_ note: ProtocolMachine<AcknowledgementWaiter>.Note) {
        switch note {
        case .unknownAcknowledgement(let id):
            logger.debug("ignored an acknowledgement nobody waits for", metadata: ["id": "\(id)"])
        case .otherNamespace(let name):
            logger.debug("ignored a packet of another namespace", metadata: ["namespace": "\(name)"])
        }
    }

    // MARK: Transport

    /// A client masks every frame.
    func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer, promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        context.writeAndFlush(wrapOutboundOut(frame), promise: promise)
    }

    /// With a code, the server gets a moment to answer before the transport is closed.
    private func close(sending code: WebSocketErrorCode?) {
        guard let code, context != nil else { return closeTransport() }
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        write(.connectionClose, data, promise: nil)
        schedule(in: Self.closeGrace) { $0.closeTransport() }
    }

    private func closeTransport() {
        for channel in channels { channel.close(promise: nil) }
    }

    /// Resumes the waiter when the channel is gone.
    func whenClosed(_ waiter: CheckedContinuation<Void, Never>) {
        if context == nil { waiter.resume() } else { closeWaiters.append(waiter) }
    }

    // MARK: Time

    var now: Duration { .nanoseconds(NIODeadline.now().uptimeNanoseconds) }

    private func watch(until time: Duration) {
        watchdog?.cancel()
        watchdog = schedule(in: time - now) { $0.perform($0.machine.watchdogFired(at: $0.now)) }
    }

    @discardableResult
    func schedule(in delay: Duration, _ work: @escaping (ConnectionHandler) -> Void) -> Scheduled<Void> {
        let delay = TimeAmount(min(max(delay, .zero), .seconds(365 * 86_400)))
        return eventLoop.assumeIsolated().scheduleTask(in: delay) { work(self) }
    }
}
