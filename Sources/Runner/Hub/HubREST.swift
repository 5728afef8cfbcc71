import AsyncHTTPClient
import HubProtocol
import NIOCore
import NIOHTTP1
import NIOSSL

/// Why the hub could not be asked.
public struct HubError: Error, CustomStringConvertible {
    public enum Cause: Equatable, Sendable {
        /// The hub is there and does not want us: the token, or the namespace, is wrong.
        case refused
        /// Out of reach, or not able to answer now.
        case unavailable
        /// It answers what we cannot use.
        case unexpected
    }

    public let cause: Cause
    let action: String
    let url: String
    let reason: String

    public var description: String { "cannot \(action) at \(url): \(reason)" }
}

/// The hub's REST calls (hub contract §3).
struct HubREST: Sendable {
    var hub: Configuration.Hub
    private let extraHeaders: [String: String]
    private let client: HTTPClient

    init(_ hub: Configuration.Hub, _ configuration: Configuration) throws {
        self.hub = hub
        extraHeaders = configuration.extraHeaders
        var settings = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10)))
        // Who calls tries again; until then the reason is known at once.
        settings.connectionPool.retryConnectionEstablishment = false
        if let roots = configuration.extraTrustRoots {
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(roots))]
            settings.tlsConfiguration = tls
        }
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
    }

    func shutdown() async {
        // Fails only if it was shut down before.
        try? await client.shutdown()
    }

    func register(_ machine: MachineRegistration) async throws(HubError) -> Machine {
        try await call("register this machine", .POST, "/cli/machines", machine, as: MachineAnswer.self)
            .machine
    }

    func create(_ session: SessionRegistration) async throws(HubError) -> Session {
        try await call("create the session", .POST, "/cli/sessions", session, as: SessionAnswer.self).session
    }

    func session(_ id: String) async throws(HubError) -> Session {
        let path = "/cli/sessions/\(id)"
        return try await call("load session \(id)", .GET, path, Never?.none, as: SessionAnswer.self).session
    }

    private func call<Answer: Decodable>(
        _ action: String, _ method: HTTPMethod, _ path: String, _ body: (some Encodable)?, as: Answer.Type
    ) async throws(HubError) -> Answer {
        let answer: (status: UInt, body: [UInt8])
        do {
            answer = try await send(method, path, body)
        } catch {
            throw HubError(cause: .unavailable, action: action, url: hub.url, reason: Self.words(error))
        }
        switch answer.status {
        case 200:
            do { return try JSON.decode(Answer.self, from: answer.body) } catch {
                let reason = (error as? DecodingError)?.explanation ?? "\(error)"
                throw HubError(
                    cause: .unexpected, action: action, url: hub.url,
                    reason: "its answer cannot be read: \(reason)")
            }
        case 401, 403:
            throw HubError(
                cause: .refused, action: action, url: hub.url,
                reason: "the hub refuses: \(Self.message(answer.body))")
        default:
            throw HubError(
                cause: answer.status >= 500 ? .unavailable : .unexpected, action: action, url: hub.url,
                reason: "status \(answer.status), \(Self.message(answer.body))")
        }
    }

    private func send(
        _ method: HTTPMethod, _ path: String, _ body: (some Encodable)?
    ) async throws -> (status: UInt, body: [UInt8]) {
        var request = HTTPClientRequest(url: hub.url.withoutTrailingSlash + path)
        request.method = method
        for (name, value) in extraHeaders { request.headers.replaceOrAdd(name: name, value: value) }
        request.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(hub.token)")
        request.headers.replaceOrAdd(name: "Content-Type", value: "application/json")
        if let body { request.body = .bytes(ByteBuffer(bytes: try JSON.encode(body))) }
        let response = try await client.execute(request, timeout: .seconds(60))
        let bytes = try await response.body.collect(upTo: 16 << 20)
        return (response.status.code, Array(bytes.readableBytesView))
    }

    private static func message(_ body: [UInt8]) -> String {
        (try? JSON.decode(RPCError.self, from: body).error)
            ?? String(decoding: body.prefix(200), as: UTF8.self)
    }

    /// Library errors name the cause last; the token is in none of them.
    private static func words(_ error: any Error) -> String { "\(error)" }
}

extension String {
    var withoutTrailingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
