import NIOPosix
import SocketIO
import Testing

extension ServerTests {
    @Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
        @Test func anEventComesWithTheConnection() async throws {
            try await ServerProcess.with { server in
                let welcome = try await connect(.room(at: server.url())) { await $0.next("welcome") }
                #expect(try welcome?.argument(0, as: [String: String].self) == ["token_was": "right"])
            }
        }

        @Test func wrongAuthIsRefusedAndNotShown() async throws {
            try await ServerProcess.with { server in
                let record = LogRecord()
                var configuration = SocketIOConfiguration.room(at: server.url())
                configuration.auth = #"{"token":"guesswork"}"#
                let error = try await refusal(configuration, logger: record.logger)
                #expect(error == .refused(namespace: "/room", message: "Invalid token"))
                #expect(record.text.contains("Invalid token"))
                #expect(!record.text.contains("guesswork"))
            }
        }

        @Test func theRootNamespaceAndATrailingSlashWork() async throws {
            try await ServerProcess.with { server in
                let answer = try await connect(SocketIOConfiguration(url: server.url("/"), auth: nil)) {
                    try await $0.emitWithAck("echo", 1, timeout: .seconds(10)).argument(0, as: Int.self)
                }
                #expect(answer == 1)
            }
        }

        @Test func extraHeadersReachTheServer() async throws {
            try await ServerProcess.with { server in
                var configuration = SocketIOConfiguration.room(at: server.url())
                configuration.extraHeaders = [("X-Extra", "here")]
                let headers = try await connect(configuration) {
                    try await $0.emitWithAck("headers", timeout: .seconds(10))
                        .argument(0, as: [String: String].self)
                }
                #expect(headers["X-Extra"] == "here")
                #expect(headers["Host"] == "127.0.0.1:\(server.port)")
                #expect(headers["Sec-WebSocket-Extensions"] == nil)
            }
        }

        @Test(arguments: [10, 20_000, 1_000_000])
        func acknowledgementsGoBothWays(size: Int) async throws {
            try await ServerProcess.with { server in
                try await connect(.room(at: server.url())) { try await exchange(size, over: $0) }
            }
        }

        @Test(.timeLimit(.minutes(3))) func fortyMegabytesGoBothWays() async throws {
            try await ServerProcess.with { server in
                try await connect(.room(at: server.url())) { try await exchange(40_000_000, over: $0) }
            }
        }

        /// Sends a text and gets it back as acknowledgement, then the reverse with the same size.
        private func exchange(_ size: Int, over connection: SocketIOConnection) async throws {
            let text = String(repeating: "t", count: size)
            let echo = try await connection.emitWithAck("echo", text, timeout: .seconds(60))
            #expect(try echo.argument(0, as: String.self) == text)

            async let outcome = connection.emitWithAck("ask", size, timeout: .seconds(60))
            let question = try #require(await connection.next("question"))
            #expect(try question.argument(0, as: String.self).utf8.count == size)
            try await connection.acknowledge(question, String(repeating: "a", count: size))
            struct Outcome: Decodable, Equatable {
                var length: Int
                var right: Bool
            }
            #expect(try await outcome.argument(0, as: Outcome.self) == Outcome(length: size, right: true))
        }

        @Test func emitsKeepTheirOrder() async throws {
            try await ServerProcess.with { server in
                try await connect(.room(at: server.url())) { connection in
                    for number in 0..<200 { try await connection.emit("collect", number) }
                    let collected = try await connection.emitWithAck("collected", timeout: .seconds(10))
                    #expect(try collected.argument(0, as: [Int].self) == Array(0..<200))
                }
            }
        }

        @Test func manyTasksEmitAtOnce() async throws {
            try await ServerProcess.with { server in
                let sum = try await connect(.room(at: server.url())) { connection in
                    try await withThrowingTaskGroup(of: Int.self) { group in
                        for number in 1...100 {
                            group.addTask {
                                try await connection.emitWithAck("echo", number, timeout: .seconds(20))
                                    .argument(0, as: Int.self)
                            }
                        }
                        return try await group.reduce(0, +)
                    }
                }
                #expect(sum == 5050)
            }
        }

        @Test func binaryPartsComeAsAttachments() async throws {
            try await ServerProcess.with { server in
                try await connect(.room(at: server.url())) { connection in
                    try await connection.emit("blob")
                    let event = try #require(await connection.next("blob"))
                    #expect(event.attachments == [[0, 1, 255], Array("second".utf8)])
                    #expect(try event.argument(0, as: String.self) == "two")
                    let answer = try await connection.emitWithAck("blob back", timeout: .seconds(10))
                    #expect(answer.attachments == [Array(repeating: 7, count: 1000)])
                }
            }
        }

        @Test func fragmentsAreJoinedAroundAPing() async throws {
            try await ServerProcess.with { server in
                let event = try await connect(.raw(server, "fragments")) { await $0.next("big") }
                #expect(try event?.argument(0, as: String.self) == String(repeating: "ä", count: 50_000))
            }
        }

        @Test func everyWayOutClosesTheConnection() async throws {
            struct Planned: Error {}
            try await ServerProcess.with { server in
                let returned = try await connect(.room(at: server.url())) { $0 }
                #expect(await returned.closed() == .disconnected)
                await #expect(throws: SocketIOError.disconnected) { try await returned.emit("late") }
                await #expect(throws: SocketIOError.disconnected) {
                    try await returned.emitWithAck("late", timeout: .seconds(10))
                }
                await #expect(throws: Planned.self) {
                    try await connect(.room(at: server.url())) { _ in throw Planned() }
                }
            }
        }
    }
}
