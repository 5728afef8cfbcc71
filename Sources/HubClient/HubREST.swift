import AsyncHTTPClient
import HubProtocol
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SocketIO

/// Why the hub could not be asked.
package struct HubError: Error, CustomStringConvertible {
    package enum Cause: Equatable, Sendable {
        /// The hub is there and does not want us: the token, or the namespace, is wrong.
        case refused
        /// Out of reach, or not able to answer now.
        case unavailable
        /// It takes the token, and does not have what was asked for.
        case notFound
        /// It answers what we cannot use.
        case unexpected
        /// Whoever answers has no certificate that can be trusted to be the hub's.
        case untrusted
    }

    package let cause: Cause
    package let action: String
    package let url: String
    package let reason: String
    /// What helps, for people.
    package var hint: String?

    package var description: String {
        "cannot \(action) at \(url): \(reason)"
            + (cause == .untrusted ? Hub.certificateHint : "")
    }
}

/// The file of additional certificates cannot be used.
package struct TrustRootsError: Error, CustomStringConvertible {
    package let path: String
    package var description: String {
        "NODE_EXTRA_CA_CERTS is '\(path)': a readable file of PEM certificates is needed"
    }
}

/// The hub's REST calls (hub contract §3). Redirects are not followed: the token goes to the hub alone.
package struct HubREST: Sendable {
    private let hub: Hub
    private let extraHeaders: [String: String]
    private let client: HTTPClient
    private let proxy: Proxy?
    /// Why no call can be made; told by each, so that whoever can work without a hub does.
    private let obstacle: (any Error)?
    private let patience: Duration

    /// Runs `body`, and lets go of the hub.
    package static func with<Result: Sendable>(
        _ hub: Hub, _ body: (HubREST) async throws -> Result
    ) async throws -> Result {
        let rest = try HubREST(hub)
        do {
            let result = try await body(rest)
            await rest.shutdown()
            return result
        } catch {
            await rest.shutdown()
            throw error
        }
    }

    /// - Parameter patience: for a call with its whole answer, however slowly it drips.
    package init(_ hub: Hub, patience: Duration = .seconds(60)) throws {
        self.hub = hub
        self.patience = patience
        extraHeaders = hub.extraHeaders
        do {
            try hub.checkHeaders()
            proxy = try Proxy.find(for: hub.url, environment: hub.proxies)
            obstacle = nil
        } catch {
            proxy = nil
            obstacle = error
        }
        var settings = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10)))
        // Who calls tries again; until then the reason is known at once.
        settings.connectionPool.retryConnectionEstablishment = false
        settings.httpVersion = .http1Only
        settings.http1_1ConnectionDebugInitializer = { [url = hub.url] in Self.checkName($0, of: url) }
        settings.proxy = proxy.map { proxy in
            .server(
                host: proxy.host, port: proxy.port,
                authorization: proxy.login.map { .basic(username: $0.user, password: $0.password) })
        }
        if let roots = hub.extraTrustRoots {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.additionalTrustRoots = [.certificates(try Self.authorities(roots))]
            settings.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    private static func authorities(_ path: String) throws(TrustRootsError) -> [NIOSSLCertificate] {
        do { return try NIOSSLCertificate.fromPEMFile(path) } catch {
            throw TrustRootsError(path: path)
        }
    }

    /// The library calls this for each connection, after TLS and before any request. It must hear of the failure
    /// before the connection is gone.
    private static func checkName(_ channel: any Channel, of url: String) -> EventLoopFuture<Void> {
        guard url.lowercased().hasPrefix("https:") else { return channel.eventLoop.makeSucceededVoidFuture() }
        return channel.eventLoop.makeCompletedFuture {
            do {
                try ServerCertificate.check(in: channel.pipeline.syncOperations, of: url)
            } catch {
                channel.eventLoop.execute { channel.close(promise: nil) }
                throw error
            }
        }
    }

    package func shutdown() async {
        // Fails only if it was shut down before.
        try? await client.shutdown()
    }

    /// The name the hub shows a machine by; nil where it has none, or does not know the machine.
    package func knownName(ofMachine id: String) async throws(HubError) -> String? {
        do {
            let machine = try await call(
                "try the token", .GET, "/cli/machines/\(id)", Never?.none, as: MachineAnswer.self
            ).machine
            return machine.metadata?["displayName"]?.string ?? machine.metadata?["host"]?.string
        } catch  where error.cause == .notFound {
            return nil
        }
    }

    package func register(_ machine: MachineRegistration) async throws(HubError) -> Machine {
        try await call("register this machine", .POST, "/cli/machines", machine, as: MachineAnswer.self)
            .machine
    }

    package func create(_ session: SessionRegistration) async throws(HubError) -> Session {
        try await call("create the session", .POST, "/cli/sessions", session, as: SessionAnswer.self).session
    }

    package func session(_ id: String) async throws(HubError) -> Session {
        let path = "/cli/sessions/\(id)"
        return try await call("load session \(id)", .GET, path, Never?.none, as: SessionAnswer.self).session
    }

    /// How many messages one call gives at most.
    package static let pageOfMessages = 100

    /// A session's messages after a sequence number, oldest first.
    package func messages(of session: String, after: Int) async throws(HubError) -> [SessionMessageRow] {
        let path = "/cli/sessions/\(session)/messages?afterSeq=\(after)&limit=\(Self.pageOfMessages)"
        return try await call(
            "load messages", .GET, path, Never?.none, as: SessionMessagesAnswer.self, limit: 64 << 20
        ).messages
    }

    private func call<Answer: Decodable>(
        _ action: String, _ method: HTTPMethod, _ path: String, _ body: (some Encodable)?, as: Answer.Type,
        limit: Int = largestAnswer
    ) async throws(HubError) -> Answer {
        func failure(_ cause: HubError.Cause, _ reason: String) -> HubError {
            HubError(cause: cause, action: action, url: hub.url, reason: hub.safe(reason))
        }
        let answer: (status: UInt, body: [UInt8])
        do {
            if let obstacle { throw obstacle }
            answer = try await send(method, path, body, limit)
        } catch let error as HubError {
            throw error
        } catch {
            let (cause, reason) = why(error)
            throw failure(cause, reason)
        }
        switch answer.status {
        case 200:
            do { return try JSON.decode(Answer.self, from: answer.body) } catch {
                let reason = (error as? DecodingError)?.explanation ?? "it is not JSON"
                throw failure(.unexpected, "its answer cannot be read: \(reason)")
            }
        case 300..<400:
            throw failure(
                .unexpected,
                "it redirects (status \(answer.status)), which is not followed; HAPI_API_URL must name the hub"
            )
        case 401, 403:
            let message = Self.message(answer.body)
            var refusal = failure(.refused, "the hub refuses: \(message)")
            refusal.hint = hub.wayOut(of: message)
            throw refusal
        case 404 where Self.isHubsAnswer(answer.body):
            throw failure(.notFound, "status 404, \(Self.message(answer.body))")
        default:
            throw failure(
                answer.status >= 500 ? .unavailable : .unexpected,
                "status \(answer.status), \(Self.message(answer.body))")
        }
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: (some Encodable)?, _ limit: Int
    ) async throws -> (status: UInt, body: [UInt8]) {
        var request = HTTPClientRequest(url: hub.url.withoutTrailingSlash + path)
        request.method = method
        for (name, value) in extraHeaders { request.headers.replaceOrAdd(name: name, value: value) }
        request.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(hub.token)")
        request.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
        if let body { request.body = .bytes(ByteBuffer(bytes: try JSON.encode(body))) }
        return try await exchange(request, limit)
    }

    /// A row is a few kilobytes. What is decoded may take fifty times its size.
    private static let largestAnswer = 4 << 20

    /// The library's own deadline ends with the answer's head.
    private func exchange(_ request: HTTPClientRequest, _ limit: Int) async throws -> (
        status: UInt, body: [UInt8]
    ) {
        try await withThrowingTaskGroup(of: (UInt, [UInt8])?.self) { group in
            group.addTask {
                let response = try await client.execute(request, deadline: .distantFuture)
                let bytes = try await response.body.collect(upTo: limit)
                return (response.status.code, Array(bytes.readableBytesView))
            }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() ?? nil else { throw HTTPClientError.deadlineExceeded }
            return answer
        }
    }

    private func why(_ error: any Error) -> (HubError.Cause, String) {
        if error is NIOTooManyBytesError { return (.unexpected, "its answer is too large") }
        switch error as? HTTPClientError {
        case .proxyAuthenticationRequired:
            return (.unavailable, "the proxy \(proxy?.name ?? "") wants another user name and password")
        case .invalidProxyResponse:
            return (.unavailable, "the proxy \(proxy?.name ?? "") refuses the way to the hub")
        case .connectTimeout where proxy != nil, .httpProxyHandshakeTimeout:
            return (.unavailable, "the proxy \(proxy?.name ?? "") does not answer")
        case .deadlineExceeded: return (.unavailable, "no whole answer within \(patience)")
        case .remoteConnectionClosed: return (.unavailable, "the hub closed the connection")
        case .connectTimeout: return (.unavailable, "the connection timed out")
        default: break
        }
        if let proxy, error is NIOConnectionError || error is IOError,
            case .cannotConnect(_, let reason) = TransportFailure.reaching(proxy, error, at: hub.url)
        {
            return (.unavailable, reason)
        }
        switch TransportFailure.opening(error, at: hub.url) {
        case .tlsFailed(_, let reason): return (.untrusted, reason)
        case .cannotConnect(_, let reason): return (.unavailable, reason)
        case let error: return (.unavailable, "\(error)")
        }
    }

    /// Whether it is the hub that answers, and not some web server.
    private static func isHubsAnswer(_ body: [UInt8]) -> Bool {
        // Anything else is no answer of a hub's.
        (try? JSON.decode(RPCError.self, from: body)) != nil
    }

    /// As it came: it is cut where the token is taken out, so that no part of one is left.
    private static func message(_ body: [UInt8]) -> String {
        (try? JSON.decode(RPCError.self, from: body).error) ?? String(decoding: body, as: UTF8.self)
    }
}

extension String {
    package var withoutTrailingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
