import NIOCore
import NIOHTTP1

/// One connection to the control server, on its event loop: reads a complete request within limits of size
/// and time, passes it on, writes the answer, and reads the next one.
final class ControlConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Between requests, or within a head.
        case waiting
        case reading(HTTPRequestHead, body: ByteBuffer)
        /// Read completely, but not to be started while the runner is being renewed.
        case held(ControlRequest)
        case answering
        /// Refused, or answered for the last time: further input is dropped.
        case leaving
    }

    /// How long a client may stay silent, may take to send a whole request, and may take to read an answer.
    static let patience = TimeAmount.seconds(5)
    /// How long a client that is refused in the middle of its request may continue sending. If we closed at
    /// once, its kernel would discard the answer.
    private static let leaveTaking = TimeAmount.seconds(1)

    let descriptor: CInt
    let owner: ConnectionOwner?
    private let connections: ControlConnections
    private let unanswered: UnansweredBytes
    private var context: ChannelHandlerContext?
    private var state = State.waiting
    private var keepsOpen = true
    private var isHead = false
    private var deadline: Scheduled<Void>?

    init(
        _ descriptor: CInt, of owner: ConnectionOwner?, in connections: ControlConnections,
        _ unanswered: UnansweredBytes
    ) {
        self.descriptor = descriptor
        self.owner = owner
        self.connections = connections
        self.unanswered = unanswered
    }

    /// The bytes of a request that was not started, for the next image of the runner. nil if the connection
    /// cannot be continued.
    var unansweredBytes: ByteBuffer? {
        switch state {
        case .waiting, .reading, .held: unanswered.bytes
        case .answering, .leaving: nil
        }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        unanswered.began = { [unowned self] in
            if case .waiting = state { allow(Self.patience) { $0.isLate() } }
        }
        connections.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        unanswered.began = {}
        connections.remove(self)
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        awaitRequest()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        state = .leaving
        connections.remove(self)
        context.fireChannelInactive()
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .waiting): begin(head)
        case (.body(var more), .reading(let head, var body)):
            state = .waiting
            body.writeBuffer(&more)
            guard body.readableBytes <= ControlAdmission.longestBody else {
                return refuse(ControlAdmission.tooLarge)
            }
            state = .reading(head, body: body)
        case (.end, .reading(let head, let body)): end(head, body)
        // No pipelining: a client that sends the next request too early has to repeat it.
        case (_, .held), (_, .answering): keepsOpen = false
        default: break
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        isHead = head.method == .HEAD
        keepsOpen = head.isKeepAlive && !head.headers.contains(name: "upgrade")
        if let refusal = ControlAdmission.refusal(of: head, from: owner) { return refuse(refusal) }
        if head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) {
            write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
        }
        state = .reading(head, body: ByteBuffer())
    }

    private func end(_ head: HTTPRequestHead, _ body: ByteBuffer) {
        deadline?.cancel()
        guard let owner, let endpoint = ControlEndpoint(head) else { return }
        state = .held(ControlRequest(endpoint: endpoint, headers: head.headers, body: body, owner: owner))
        carryOn()
    }

    /// Starts a held request, if work may start now.
    func carryOn() {
        guard case .held(let request) = state, connections.take(request, from: self) else { return }
        state = .answering
        unanswered.clear()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Half closed: the client sends nothing more, but still expects its answer.
        if case ChannelEvent.inputClosed = event {
            keepsOpen = false
            switch state {
            case .held, .answering: break
            case .waiting, .reading, .leaving: context.close(promise: nil)
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error, state) {
        case (is HTTPParserError, .held), (is HTTPParserError, .answering): keepsOpen = false
        case (let refusal as ControlRefusal, .waiting), (let refusal as ControlRefusal, .reading):
            refuse(refusal)
        case (HTTPParserError.invalidEOFState, _): context.close(promise: nil)
        case (HTTPParserError.headerOverflow, .waiting):
            refuse(ControlRefusal(.badRequest, "the request's head is larger than 16 KiB"))
        case (is HTTPParserError, .waiting), (is HTTPParserError, .reading):
            refuse(ControlRefusal(.badRequest, "this is not HTTP/1.1"))
        case (_, .leaving): break
        default: context.close(promise: nil)
        }
    }

    // MARK: Answering

    func answer(_ reply: ControlReply) {
        guard case .answering = state, let context else { return }
        let keepsOpen = keepsOpen
        state = keepsOpen ? .waiting : .leaving
        allow(Self.patience) { $0.close() }
        connections.isWriting(1)
        write(reply.encoded(keepsOpen: keepsOpen, isBodyLess: isHead)).assumeIsolated().whenComplete { _ in
            self.connections.isWriting(-1)
            if keepsOpen { self.awaitRequest() } else { context.close(promise: nil) }
        }
    }

    /// Answers a request that was not read to its end, then drops what the client is still sending.
    private func refuse(_ refusal: ControlRefusal) {
        guard let context else { return }
        state = .leaving
        unanswered.isDeaf = true
        unanswered.clear()
        allow(Self.leaveTaking) { $0.close() }
        write(refusal.reply.encoded(keepsOpen: false, isBodyLess: isHead)).assumeIsolated().whenComplete {
            _ in
            context.close(mode: .output, promise: nil)
        }
    }

    @discardableResult
    private func write(_ bytes: ByteBuffer) -> EventLoopFuture<Void> {
        guard let context else { return connections.eventLoop.makeSucceededVoidFuture() }
        return context.writeAndFlush(wrapOutboundOut(bytes))
    }

    // MARK: Time

    private func awaitRequest() {
        if case .waiting = state, unanswered.bytes.readableBytes == 0 { allow(Self.patience) { $0.close() } }
    }

    private func isLate() {
        let seconds = Self.patience.nanoseconds / 1_000_000_000
        refuse(ControlRefusal(.requestTimeout, "the request was not complete within \(seconds) s"))
    }

    /// Calls `end` after `span` unless something else happens first. Connections of other users get a single
    /// span for everything.
    private func allow(_ span: TimeAmount, or end: @escaping (ControlConnection) -> Void) {
        if deadline != nil, owner?.isTrusted != true { return }
        deadline?.cancel()
        deadline = connections.eventLoop.assumeIsolated().scheduleTask(in: span) { end(self) }
    }

    func close() { context?.close(promise: nil) }

    /// Stops reading; further bytes stay in the kernel's buffer.
    func stopReading() {
        // Fails only on a closed channel, which has nothing to read.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: false)
    }

    func resumeReading() { try? context?.channel.syncOptions?.setOption(.autoRead, value: true) }
}
