import Glibc
import SocketIO
import Testing

extension ServerTests {
    /// Ends of connections that neither side requested.
    @Suite(.timeLimit(.minutes(1))) struct EndOfConnectionTests {
        @Test func aSilentServerIsAPingTimeout() async throws {
            try await ServerProcess.with(["--ping-interval", "1", "--ping-timeout", "1"]) { server in
                let (reason, events) = try await connect(.room(at: server.url())) { connection in
                    _ = await connection.next("welcome")
                    server.signal(SIGSTOP)
                    let reason = await connection.closed()
                    return (reason, await connection.events.reduce(0) { count, _ in count + 1 })
                }
                #expect(reason == .pingTimeout(after: .seconds(2)))
                #expect(events == 0)
                server.signal(SIGKILL)
            }
        }

        @Test func pingsKeepAConnectionThatSaysNothing() async throws {
            try await ServerProcess.with(["--ping-interval", "1", "--ping-timeout", "2"]) { server in
                try await connect(.room(at: server.url())) { connection in
                    try await Task.sleep(for: .seconds(3.5))
                    let echo = try await connection.emitWithAck("echo", 1, timeout: .seconds(10))
                    #expect(echo.argumentCount == 1)
                }
            }
        }

        @Test func aKilledServerIsALostConnection() async throws {
            try await ServerProcess.with { server in
                try await connect(.room(at: server.url())) { connection in
                    let call = Task { try await connection.emitWithAck("silence", timeout: .seconds(60)) }
                    _ = await connection.next("welcome")
                    server.signal(SIGKILL)
                    let reason = await connection.closed()
                    guard case .connectionLost = reason else {
                        Issue.record("\(reason)")
                        return
                    }
                    await #expect(throws: reason) { try await call.value }
                }
            }
        }

        @Test func theServerMayThrowTheClientOut() async throws {
            try await ServerProcess.with { server in
                let reason = try await connect(.room(at: server.url())) { connection in
                    try await connection.emit("be thrown out")
                    return await connection.closed()
                }
                #expect(reason == .disconnectedByServer(namespace: "/room"))
            }
        }

        @Test func theServersGoodbyeIsTold() async throws {
            try await ServerProcess.with { server in
                let reason = try await connect(.raw(server, "goodbye")) { await $0.closed() }
                #expect(reason == .closedByServer(reason: "code 1001 (restarting)"))
            }
        }

        @Test func nonsenseEndsTheConnection() async throws {
            try await ServerProcess.with { server in
                let reason = try await connect(.raw(server, "nonsense")) { await $0.closed() }
                #expect("\(reason)".contains("unknown Engine.IO type 0x39"))
            }
        }

        @Test func aFrameAboveTheMaximumEndsTheConnection() async throws {
            try await ServerProcess.with { server in
                var configuration = SocketIOConfiguration.raw(server, "oversized")
                configuration.maximumPayloadSize = 1_000_000
                let reason = try await connect(configuration) { await $0.closed() }
                #expect(reason == .incomingMessageTooLarge(limit: 1_000_000))
            }
        }

        @Test func fragmentsAboveTheMaximumEndTheConnection() async throws {
            try await ServerProcess.with { server in
                var configuration = SocketIOConfiguration.raw(server, "oversized-fragments")
                configuration.maximumPayloadSize = 1_000_000
                let reason = try await connect(configuration) { await $0.closed() }
                #expect(reason == .incomingMessageTooLarge(limit: 1_000_000))
            }
        }

        @Test(arguments: ["ends-amid-a-frame", "ends-amid-attachments"])
        func anEndAmidAMessageIsALostConnection(route: String) async throws {
            try await ServerProcess.with { server in
                let reason = try await connect(.raw(server, route)) { await $0.closed() }
                guard case .connectionLost = reason else {
                    Issue.record("\(reason)")
                    return
                }
            }
        }

        @Test func fragmentsWithoutEndAreBoundedInNumber() async throws {
            try await ServerProcess.with { server in
                let reason = try await connect(.raw(server, "empty-fragments")) { await $0.closed() }
                guard case .protocolViolation = reason else {
                    Issue.record("\(reason)")
                    return
                }
            }
        }

        @Test func pingsFromAServerThatTakesNoAnswerEndTheConnection() async throws {
            try await ServerProcess.with { server in
                let reason = try await connect(.raw(server, "pings-without-end")) { await $0.closed() }
                #expect(reason == .protocolViolation(reason: "it sent pings without reading the answers"))
            }
        }

        @Test func eventsNobodyConsumesEndTheConnectionInTheEnd() async throws {
            try await ServerProcess.with { server in
                var configuration = SocketIOConfiguration.room(at: server.url())
                configuration.maximumPayloadSize = 100_000
                let reason = try await connect(configuration) { connection in
                    try await connection.emit("flood", ["count": 10, "size": 50_000])
                    return await connection.closed()
                }
                #expect(reason == .eventsNotConsumed(limit: 200_000))
            }
        }

        @Test func aSlowConsumerDelaysNothingElse() async throws {
            try await ServerProcess.with(["--ping-interval", "1", "--ping-timeout", "2"]) { server in
                let numbers = try await connect(.room(at: server.url())) { connection in
                    try await connection.emit("flood", ["count": 100, "size": 10])
                    try await Task.sleep(for: .seconds(3.5))
                    _ = try await connection.emitWithAck("echo", 1, timeout: .seconds(10))
                    return try await connection.events.filter { $0.name == "drop" }.prefix(100)
                        .reduce(into: []) { $0.append(try $1.argument(0, as: Int.self)) }
                }
                #expect(numbers == Array(0..<100))
            }
        }
    }
}
