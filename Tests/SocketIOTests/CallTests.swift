import NIOCore
import Testing

@testable import SocketIO

extension ServerTests {
    /// Calls that get no answer, or more than one.
    @Suite(.timeLimit(.minutes(1))) struct CallTests {
        private func waiting(in connection: SocketIOConnection) async throws -> Int {
            let handler = connection.handler
            return try await handler.eventLoop.submit {
                handler.value.machine.waiters.count + handler.value.writes.count
            }.get()
        }

        @Test func anAcknowledgementMayTimeOut() async throws {
            try await ServerProcess.with { server in
                try await connect(.room(at: server.url())) { connection in
                    let time = Duration.milliseconds(100)
                    await #expect(
                        throws: SocketIOError.acknowledgementTimedOut(event: "silence", after: time)
                    ) {
                        try await connection.emitWithAck("silence", timeout: time)
                    }
                    let count = try await waiting(in: connection)
                    #expect(count == 0)
                }
            }
        }

        @Test func aCancelledCallLeavesNothingBehind() async throws {
            try await ServerProcess.with { server in
                try await connect(.room(at: server.url())) { connection in
                    for _ in 0..<50 {
                        let call = Task { try await connection.emitWithAck("silence", timeout: .seconds(60)) }
                        if Bool.random() { await Task.yield() }
                        call.cancel()
                        await #expect(throws: SocketIOError.cancelled) { try await call.value }
                    }
                    let count = try await waiting(in: connection)
                    #expect(count == 0)
                    let echo = try await connection.emitWithAck("echo", 1, timeout: .seconds(10))
                    #expect(echo.argumentCount == 1)
                }
            }
        }

        @Test func theEndFailsThoseWhoWait() async throws {
            try await ServerProcess.with { server in
                try await connect(.room(at: server.url())) { connection in
                    let call = Task { try await connection.emitWithAck("silence", timeout: .seconds(60)) }
                    while try await waiting(in: connection) == 0 { await Task.yield() }
                    await connection.disconnect()
                    await #expect(throws: SocketIOError.disconnected) { try await call.value }
                }
            }
        }

        @Test func strayAcknowledgementsAreIgnored() async throws {
            try await ServerProcess.with { server in
                let record = LogRecord()
                try await connect(.raw(server, "stray-acknowledgements"), logger: record.logger) {
                    connection in
                    for _ in 0..<3 {
                        let answer = try await connection.emitWithAck("any", timeout: .seconds(10))
                        #expect(try answer.argument(0, as: Int.self) == 1)
                    }
                }
                #expect(record.text.contains("999999"))
            }
        }

        @Test func anAcknowledgementOfAnotherTypeFailsItsCallAlone() async throws {
            try await ServerProcess.with { server in
                try await connect(.raw(server, "odd-acknowledgements")) { connection in
                    let odd = try await connection.emitWithAck("odd", timeout: .seconds(10))
                    #expect(throws: SocketIOError.self) { try odd.argument(0, as: Int.self) }
                    let none = try await connection.emitWithAck("none", timeout: .seconds(10))
                    #expect(throws: SocketIOError.self) { try none.argument(0, as: String.self) }
                    let sound = try await connection.emitWithAck("sound", timeout: .seconds(10))
                    #expect(try sound.argument(0, as: String.self) == "sound")
                }
            }
        }

        @Test func whatTheServerWouldNotTakeIsNotSent() async throws {
            try await ServerProcess.with(["--maximum-payload", "1000"]) { server in
                try await connect(.room(at: server.url())) { connection in
                    let text = String(repeating: "t", count: 2000)
                    // `42/room,["echo","` and `"]` are 19 bytes.
                    await #expect(throws: SocketIOError.messageTooLarge(size: 2019, limit: 1000)) {
                        try await connection.emit("echo", text)
                    }
                    let echo = try await connection.emitWithAck("echo", 1, timeout: .seconds(10))
                    #expect(echo.argumentCount == 1)
                }
            }
        }

        @Test func disconnectingTwiceIsHarmless() async throws {
            try await ServerProcess.with { server in
                try await connect(.room(at: server.url())) { connection in
                    async let other: Void = connection.disconnect()
                    await connection.disconnect()
                    await other
                    #expect(await connection.closed() == .disconnected)
                }
            }
        }
    }
}
