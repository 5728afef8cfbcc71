import AsyncHTTPClient
import HubProtocol
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SocketIO

/// The hub's REST calls (hub contract §3). Redirects are not followed, so that the token is sent to the hub
/// only.
package struct HubREST: Sendable {
    private let hub: Hub
    private let extraHeaders: [String: String]
    private let client: HTTPClient
    private let proxy: Proxy?
    /// Why no call can be made. Thrown by each call instead of `init`, so that callers that can work without
    /// a hub do.
    private let obstacle: (any Error)?
    private let patience: Duration

    /// Runs `body` with a client, and closes it.
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

    /// - Parameter patience: the time limit for a call with its complete answer, however slowly it arrives.
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
        // Callers retry by themselves; this way they get the reason at once.
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

    /// Verifies the certificate's name. HTTPClient calls this for each connection, after TLS and before any
    /// request. The promise must fail before the connection is closed.
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
        // Fails only if it is already shut down.
        try? await client.shutdown()
    }

    /// The name that the hub shows for a machine; nil if it has none, or the hub does not know the machine.
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

    /// Maximum messages per call.
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
        let (status, _, bytes) = try await exchange(request, limit)
        return (status, bytes)
    }

    /// What the hub says of itself to anybody: no token goes along.
    package func health() async throws(HubError) -> HubHealth {
        func failure(_ cause: HubError.Cause, _ reason: String) -> HubError {
            HubError(cause: cause, action: "ask for the hub's health", url: hub.url, reason: hub.safe(reason))
        }
        let answer: (status: UInt, headers: HTTPHeaders, body: [UInt8])
        do {
            if let obstacle { throw obstacle }
            var request = HTTPClientRequest(url: hub.url.withoutTrailingSlash + "/health")
            for (name, value) in extraHeaders { request.headers.replaceOrAdd(name: name, value: value) }
            answer = try await exchange(request, Self.largestAnswer)
        } catch {
            let (cause, reason) = why(error)
            throw failure(cause, reason)
        }
        guard answer.status == 200 else { throw failure(.unexpected, "status \(answer.status)") }
        // A web server that is no hub answers with a page.
        guard let health = try? JSON.decode(HubHealth.Body.self, from: answer.body) else {
            throw failure(.unexpected, "its answer is no hub's")
        }
        return HubHealth(
            protocolVersion: health.protocolVersion,
            time: answer.headers.first(name: "Date").flatMap(HubHealth.time), proxy: proxy?.name)
    }

    /// In bytes. A row is a few kilobytes. Decoded, it may take fifty times its size.
    private static let largestAnswer = 4 << 20

    /// With our own deadline, because HTTPClient's covers only the head of the answer.
    private func exchange(_ request: HTTPClientRequest, _ limit: Int) async throws -> (
        status: UInt, headers: HTTPHeaders, body: [UInt8]
    ) {
        try await withThrowingTaskGroup(of: (UInt, HTTPHeaders, [UInt8])?.self) { group in
            group.addTask {
                let response = try await client.execute(request, deadline: .distantFuture)
                let bytes = try await response.body.collect(upTo: limit)
                return (response.status.code, response.headers, Array(bytes.readableBytesView))
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
            return (.unavailable, "the proxy \(proxy?.name ?? "") requires another user name and password")
        case .invalidProxyResponse:
            return (.unavailable, "the proxy \(proxy?.name ?? "") refuses to connect to the hub")
        case .connectTimeout where proxy != nil, .httpProxyHandshakeTimeout:
            return (.unavailable, "the proxy \(proxy?.name ?? "") does not answer")
        case .deadlineExceeded: return (.unavailable, "no complete answer within \(patience)")
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

    /// Whether the answer comes from the hub, not from some other web server.
    private static func isHubsAnswer(_ body: [UInt8]) -> Bool {
        // Errors of a hub are always JSON with `error`.
        (try? JSON.decode(RPCError.self, from: body)) != nil
    }

    /// Not truncated here, but where the token is removed, so that no part of a token remains.
    private static func message(_ body: [UInt8]) -> String {
        (try? JSON.decode(RPCError.self, from: body).error) ?? String(decoding: body, as: UTF8.self)
    }
}

extension String {
    package var withoutTrailingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
