import Logging
import NIOCore

/// Carries out the actions of the protocol machine.
extension ConnectionHandler {
    func perform(_ actions: [ProtocolMachine<AcknowledgementWaiter>.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes): answer(.text, ByteBuffer(bytes: bytes))
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

    /// Every connection ends here; only the first reason counts.
    func end(_ reason: SocketIOError) { perform(machine.end(reason)) }

    private func connected() {
        logger.debug("connected", metadata: ["url": "\(setup.endpoint.description)"])
        deadline?.cancel()
        opening?.resume(returning: .success(()))
        opening = nil
    }

    private func deliver(_ event: SocketIOEvent) {
        if !events.push(event) { end(.eventsNotConsumed(limit: events.limit)) }
    }

    private func ended(_ reason: SocketIOError, failing waiters: [AcknowledgementWaiter]) {
        logger.debug("ended", metadata: ["url": "\(setup.endpoint.description)", "reason": "\(reason)"])
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
        close(sending: CloseFrame.code(for: reason))
    }

    private func log(_ note: ProtocolMachine<AcknowledgementWaiter>.Note) {
        switch note {
        case .unknownAcknowledgement(let id):
            logger.debug("ignored an unexpected acknowledgement", metadata: ["id": "\(id)"])
        case .otherNamespace(let name):
            logger.debug("ignored a packet of another namespace", metadata: ["namespace": "\(name)"])
        }
    }
}
