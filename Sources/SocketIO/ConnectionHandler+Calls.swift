import NIOCore

/// The calls of `SocketIOConnection`. A call's id is unique in the connection and also serves as
/// acknowledgement id.
extension ConnectionHandler {
    /// Sends a frame. `reply` gets the result when the frame has been written to the socket.
    func send(_ frame: ByteBuffer, call id: Int, _ reply: Reply<Void>) {
        do throws(SocketIOError) {
            try machine.admit(frameOf: frame.readableBytes)
        } catch {
            return reply.resume(returning: .failure(error))
        }
        writes[id] = reply
        let promise = eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { self.written(call: id, $0) }
        write(.text, frame, promise: promise)
    }

    private func written(call id: Int, _ result: Result<Void, any Error>) {
        let limit = setup.configuration.maximumPayloadSize
        let outcome = result.mapError { TransportFailure.running($0, maximumPayloadSize: limit) }
        writes.removeValue(forKey: id)?.resume(returning: outcome)
    }

    /// Sends a frame that has the call's id as acknowledgement id, and waits for the answer.
    func send(
        _ frame: ByteBuffer, event: String, timeout: Duration, call id: Int,
        _ reply: Reply<SocketIOAcknowledgement>
    ) {
        do throws(SocketIOError) {
            try machine.admit(frameOf: frame.readableBytes)
        } catch {
            return reply.resume(returning: .failure(error))
        }
        let timer = schedule(in: timeout) {
            $0.abandon(call: id, with: .acknowledgementTimedOut(event: event, after: timeout))
        }
        machine.expectAcknowledgement(id, for: AcknowledgementWaiter(reply: reply, timeout: timer))
        write(.text, frame, promise: nil)
    }

    /// Fails the call, if it is still waiting.
    func abandon(call id: Int, with reason: SocketIOError = .cancelled) {
        writes.removeValue(forKey: id)?.resume(returning: .failure(reason))
        if let waiter = machine.abandonAcknowledgement(id) {
            waiter.timeout.cancel()
            waiter.reply.resume(returning: .failure(reason))
        }
    }

    func disconnect() { perform(machine.disconnect()) }
}
