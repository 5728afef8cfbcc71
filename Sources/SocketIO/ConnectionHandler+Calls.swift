import NIOCore

/// What `SocketIOConnection` asks for. A call's id is unique in the connection and serves as acknowledgement id.
extension ConnectionHandler {
    /// Sends a frame; `reply` is resumed when the system has taken it, or with why not.
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

    /// Sends a frame that carries the call's id as its acknowledgement id, and waits for the answer.
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

    /// Resumes whoever waits in this call, if anyone does.
    func abandon(call id: Int, with reason: SocketIOError = .cancelled) {
        writes.removeValue(forKey: id)?.resume(returning: .failure(reason))
        if let waiter = machine.abandonAcknowledgement(id) {
            waiter.timeout.cancel()
            waiter.reply.resume(returning: .failure(reason))
        }
    }

    func disconnect() { perform(machine.disconnect()) }
}
