import Glibc
import Home
import Logging
import NIOCore
import NIOPosix
import Processes

/// HTTP/1.1 on the loopback interface, for session processes and commands.
struct ControlServer: Sendable {
    private let routes: ControlRoutes
    private let acceptor: ControlAcceptor
    private let connections: NIOLoopBound<ControlConnections>
    private let eventLoop: any EventLoop
    private let requests: AsyncStream<ControlConnections.Exchange>
    /// Set when no more connections are to be accepted, and when accepting has stopped.
    private let closed = OneShot<Void>()
    private let accepted = OneShot<Void>()
    private let gate: WorkGate
    private let logger: Logger

    /// Starts serving only when ``run()`` is called; until then connections queue at the socket.
    init(_ routes: ControlRoutes, at socket: ListeningSocket, _ gate: WorkGate, logger: Logger) async throws {
        self.routes = routes
        self.gate = gate
        self.logger = logger
        let (requests, continuation) = AsyncStream.makeStream(of: ControlConnections.Exchange.self)
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        self.requests = requests
        self.eventLoop = eventLoop
        connections = try await eventLoop.submit {
            NIOLoopBound(ControlConnections(eventLoop, gate, continuation), eventLoop: eventLoop)
        }.get()
        acceptor = ControlAcceptor(
            socket: socket, connections: connections, eventLoop: eventLoop, logger: logger)
    }

    /// Serves until cancelled. Connections that an earlier image of the runner left come first.
    func run(resuming held: [HeldConnection] = []) async {
        for connection in held { acceptor.resume(connection) }
        await withDiscardingTaskGroup { group in
            group.addTask {
                await accept()
                accepted.set(())
            }
            for await exchange in requests {
                group.addTask { await answer(exchange) }
            }
            group.cancelAll()
        }
    }

    private func accept() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await acceptor.run() }
            await closed.wait()
            group.cancelAll()
        }
    }

    private func answer(_ exchange: ControlConnections.Exchange) async {
        let reply = await routes.reply(to: exchange.request, logger)
        onLoop { $0.answer(exchange, reply) }
    }

    private func onLoop(_ body: @escaping @Sendable (ControlConnections) -> Void) {
        let connections = connections
        eventLoop.execute { body(connections.value) }
    }

    private func asked<Answer: Sendable>(
        _ body: @escaping @Sendable (ControlConnections) -> Answer
    ) async -> Answer? {
        let connections = connections
        // Fails only if the loop has shut down, but it lives as long as the process.
        return try? await eventLoop.submit { body(connections.value) }.get()
    }

    // MARK: Ending

    /// Stops accepting, and waits until every complete request is answered.
    func drain(within patience: Duration) async {
        closed.set(())
        onLoop { $0.stopReading() }
        _ = await holds(within: patience) { $0.areIdle }
        onLoop { $0.closeAll() }
    }

    // MARK: Renewing

    /// Whether every accepted request is answered.
    func isQuiet() async -> Bool { await asked { $0.areAnswered } ?? true }

    /// Stops reading and accepting, and returns the connections for the next image. nil if a request is still
    /// unanswered; then reading and accepting continue.
    func handOver(within patience: Duration) async -> [HeldConnection]? {
        onLoop { $0.stopReading() }
        // Waits, but not for ever, for clients that are slow to read their answer.
        _ = await holds(within: patience) { $0.areIdle }
        guard await isQuiet() else {
            carryOn()
            return nil
        }
        closed.set(())
        await accepted.wait()
        return await asked { $0.unanswered }
    }

    /// Starts the requests that were held while the gate was closed.
    func carryOn() { onLoop { $0.carryOn() } }

    private func holds(
        within patience: Duration, _ condition: @escaping @Sendable (ControlConnections) -> Bool
    ) async -> Bool {
        let deadline = ContinuousClock.now + patience
        while await asked(condition) == false {
            guard ContinuousClock.now < deadline, (try? await Task.sleep(for: .milliseconds(2))) != nil
            else { return false }
        }
        return true
    }
}

struct ControlServerError: Error, CustomStringConvertible {
    let reason: String
    var description: String { "cannot bind the control server on 127.0.0.1:0: \(reason)" }
}
