import SocketIO
import Testing

extension ServerTests {
    /// Failed attempts to connect, and TLS.
    @Suite(.timeLimit(.minutes(1))) struct OpeningTests {
        @Test(arguments: [("not-found", 404), ("ok", 200)])
        func anotherAnswerThanAnUpgradeIsToldWithItsStatus(route: String, status: Int) async throws {
            try await ServerProcess.with { server in
                let error = try await refusal(.raw(server, route))
                let url = server.url("/\(route)")
                #expect(error == .upgradeRefused(url: url, status: status))
                #expect(
                    error?.description == "cannot open a WebSocket at \(url): the server answered \(status)")
            }
        }

        @Test func garbageIsNoConnection() async throws {
            try await ServerProcess.with { server in
                for number in 0..<8 {
                    let error = try await refusal(.raw(server, "garbage-\(number)"))
                    guard case .cannotConnect(_, let reason) = error else {
                        Issue.record("\(number): \(String(describing: error))")
                        continue
                    }
                    #expect(reason.hasPrefix("the server"), "\(number)")
                }
            }
        }

        @Test(arguments: [
            ("no-answer", "the WebSocket upgrade"), ("no-open", "the Engine.IO handshake"),
            ("no-connect", "the namespace /"),
        ])
        func theDeadlineSaysWhatIsMissing(route: String, missing: String) async throws {
            try await ServerProcess.with { server in
                var configuration = SocketIOConfiguration.raw(server, route)
                configuration.handshakeTimeout = .milliseconds(300)
                let error = try await refusal(configuration)
                #expect(
                    error
                        == .handshakeTimedOut(
                            url: server.url("/\(route)"), waitingFor: missing, after: .milliseconds(300)))
            }
        }

        @Test func aCancelledAttemptEnds() async throws {
            try await ServerProcess.with { server in
                let configuration = SocketIOConfiguration.raw(server, "no-answer")
                let attempt = Task { try await connect(configuration) { _ in } }
                try await Task.sleep(for: .milliseconds(100))
                attempt.cancel()
                await #expect(throws: SocketIOError.cancelled) { try await attempt.value }
            }
        }

        @Test func aRefusedPortIsToldInWords() async throws {
            // Nothing listens on port 1, and the system never assigns it.
            let error = try await refusal(SocketIOConfiguration(url: "http://127.0.0.1:1", auth: nil))
            #expect(
                error?.description
                    == "cannot open a WebSocket at http://127.0.0.1:1: connection refused (127.0.0.1)")
        }

        @Test func anUnknownHostIsNoConnection() async throws {
            var configuration = SocketIOConfiguration(url: "http://nowhere.invalid", auth: nil)
            configuration.handshakeTimeout = .seconds(3)
            switch try await refusal(configuration) {
            case .cannotConnect(_, let reason):
                #expect(reason == "the host name nowhere.invalid has no address")
            case .handshakeTimedOut(_, "the TCP connection", _):
                break  // The resolver itself had nobody to ask.
            case let error:
                Issue.record("\(String(describing: error))")
            }
        }

        @Test(arguments: ["room", "/a,b", "/a?b"])
        func anUnusableNamespaceIsRefused(namespace: String) async throws {
            let configuration = SocketIOConfiguration(
                url: "http://127.0.0.1:1", namespace: namespace, auth: nil)
            guard case .invalidConfiguration? = try await refusal(configuration) else {
                Issue.record("taken")
                return
            }
        }

        @Test func authThatIsNoObjectIsRefusedAndNotShown() async throws {
            let error = try await refusal(SocketIOConfiguration(url: "http://127.0.0.1:1", auth: "secret"))
            #expect(error == .invalidConfiguration(reason: "the auth text is not a JSON object"))
        }

        // MARK: TLS

        @Test(arguments: ["localhost", "127.0.0.1"])
        func aCertificateOfATrustedAuthorityIsTaken(host: String) async throws {
            try await ServerProcess.with(["--tls", "DNS:localhost,IP:127.0.0.1"]) { server in
                let url = "https://\(host):\(server.port)"
                let welcome = try await connect(.room(at: url, trusting: server.authorities)) { connection in
                    let text = String(repeating: "t", count: 1_000_000)
                    _ = try await connection.emitWithAck("echo", text, timeout: .seconds(20))
                    return await connection.next("welcome")
                }
                #expect(welcome != nil)
            }
        }

        @Test func anUntrustedCertificateIsToldInWords() async throws {
            try await ServerProcess.with(["--tls", "DNS:localhost"]) { server in
                let url = "https://localhost:\(server.port)"
                let reason =
                    "the server's certificate is not trusted (unknown authority, expired, or not yet valid)"
                let error = try await refusal(.room(at: url))
                #expect(error == .tlsFailed(url: url, reason: reason))
            }
        }

        @Test(arguments: [
            ("localhost", "DNS:other.example,IP:127.0.0.1"), ("127.0.0.1", "DNS:localhost,IP:127.0.0.2"),
        ])
        func aCertificateForAnotherNameIsToldInWords(host: String, names: String) async throws {
            try await ServerProcess.with(["--tls", names]) { server in
                let url = "https://\(host):\(server.port)"
                let error = try await refusal(.room(at: url, trusting: server.authorities))
                #expect(
                    error == .tlsFailed(url: url, reason: "the server's certificate is not valid for \(host)")
                )
            }
        }

        @Test func aServerWithoutTLSIsToldInWords() async throws {
            try await ServerProcess.with { server in
                let url = "https://127.0.0.1:\(server.port)"
                let reason = "the server does not speak TLS on this port"
                let error = try await refusal(.room(at: url))
                #expect(error == .tlsFailed(url: url, reason: reason))
            }
        }

        @Test func authoritiesThatCannotBeReadAreNamed() async throws {
            let error = try await refusal(.room(at: "https://127.0.0.1:1", trusting: "/nowhere/ca.pem"))
            #expect("\(String(describing: error))".contains("/nowhere/ca.pem"))
        }
    }
}
