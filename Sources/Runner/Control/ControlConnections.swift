import Home
import NIOCore

/// The control server's open connections, all on one event loop, and their requests.
///
/// All members must be called on that loop.
final class ControlConnections {
    /// A complete request, and the connection that waits for its answer.
    struct Exchange: Sendable {
        let request: ControlRequest
        fileprivate let connection: NIOLoopBound<ControlConnection>
    }

    /// Maximum open connections of other users, which are all refused; further ones are closed at once.
    private static let strangerLimit = 32

    let eventLoop: any EventLoop
    private let gate: WorkGate
    private let requests: AsyncStream<Exchange>.Continuation
    private var open: [ObjectIdentifier: ControlConnection] = [:]
    private var strangers = 0
    private var answering = 0
    private var writing = 0
    private var areClosing = false

    init(_ eventLoop: any EventLoop, _ gate: WorkGate, _ requests: AsyncStream<Exchange>.Continuation) {
        self.eventLoop = eventLoop
        self.gate = gate
        self.requests = requests
    }

    func add(_ connection: ControlConnection) {
        open[ObjectIdentifier(connection)] = connection
        if areClosing { connection.stopReading() }
        guard connection.owner?.isTrusted != true else { return }
        strangers += 1
        if strangers > Self.strangerLimit { eventLoop.assumeIsolated().execute { connection.close() } }
    }

    func remove(_ connection: ControlConnection) {
        guard open.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        if connection.owner?.isTrusted != true { strangers -= 1 }
    }

    /// Passes a request on. False if it may not start now; the connection then holds it until ``carryOn()``.
    func take(_ request: ControlRequest, from connection: ControlConnection) -> Bool {
        guard !areClosing, !request.endpoint.isWork || gate.tryEnter() else { return false }
        answering += 1
        requests.yield(
            Exchange(request: request, connection: NIOLoopBound(connection, eventLoop: eventLoop)))
        return true
    }

    func answer(_ exchange: Exchange, _ reply: ControlReply) {
        answering -= 1
        if exchange.request.endpoint.isWork { gate.leave() }
        exchange.connection.value.answer(reply)
    }

    func isWriting(_ change: Int) { writing += change }

    /// Whether every accepted request is answered and the answers have been written to the kernel.
    var areIdle: Bool { answering == 0 && writing == 0 }
    /// Whether every accepted request is answered, though a client may not have read its answer yet.
    var areAnswered: Bool { answering == 0 }

    /// Starts held requests, and reads again.
    func carryOn() {
        areClosing = false
        for connection in open.values {
            connection.resumeReading()
            connection.carryOn()
        }
    }

    /// Leaves further input in the kernel's buffers.
    func stopReading() {
        areClosing = true
        for connection in open.values { connection.stopReading() }
    }

    func closeAll() { for connection in open.values { connection.close() } }

    /// What the next image can continue: each connection's descriptor, and the bytes read from it.
    var unanswered: [HeldConnection] {
        open.values.filter { $0.owner?.isTrusted == true }.compactMap { connection in
            connection.unansweredBytes.map {
                HeldConnection(descriptor: connection.descriptor, bytes: Array($0.readableBytesView))
            }
        }
    }
}
