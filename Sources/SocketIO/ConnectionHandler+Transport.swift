import NIOCore
import NIOWebSocket

/// Frames, the end of the channel, and timers.
extension ConnectionHandler {
    /// How long to wait for the server's answer to a WebSocket close.
    private static let closeGrace = Duration.seconds(2)
    private static let maximumUnsentAnswers = 256

    /// A client masks every frame.
    func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer, promise: EventLoopPromise<Void>?) {
        guard let context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: data)
        context.writeAndFlush(wrapOutboundOut(frame), promise: promise)
    }

    /// Sends an answer that the server requested by a frame, such as a pong. Bounded, because a server that
    /// sends pings without reading the answers would fill the memory.
    func answer(_ opcode: WebSocketOpcode, _ data: ByteBuffer) {
        guard unsentAnswers < Self.maximumUnsentAnswers else {
            return end(.protocolViolation(reason: "it sent pings without reading the answers"))
        }
        unsentAnswers += 1
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in self.unsentAnswers -= 1 }
        write(opcode, data, promise: promise)
    }

    /// With a code, gives the server a moment to answer before the transport is closed.
    func close(sending code: WebSocketErrorCode?) {
        guard let code, context != nil else { return closeTransport() }
        var data = ByteBuffer()
        data.write(webSocketErrorCode: code)
        write(.connectionClose, data, promise: nil)
        schedule(in: Self.closeGrace) { $0.closeTransport() }
    }

    func closeTransport() {
        for channel in channels { channel.close(promise: nil) }
    }

    /// Resumes the waiter when the channel is gone.
    func whenClosed(_ waiter: CheckedContinuation<Void, Never>) {
        if context == nil { waiter.resume() } else { closeWaiters.append(waiter) }
    }

    // MARK: Time

    var now: Duration { .nanoseconds(NIODeadline.now().uptimeNanoseconds) }

    func watch(until time: Duration) {
        watchdog?.cancel()
        watchdog = schedule(in: time - now) { $0.perform($0.machine.watchdogFired(at: $0.now)) }
    }

    @discardableResult
    func schedule(in delay: Duration, _ work: @escaping (ConnectionHandler) -> Void) -> Scheduled<Void> {
        let delay = TimeAmount(min(max(delay, .zero), .seconds(365 * 86_400)))
        return eventLoop.assumeIsolated().scheduleTask(in: delay) { work(self) }
    }
}
