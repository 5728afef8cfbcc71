import Glibc
import HTTPTypes
import Home
import HubClient
import Hummingbird
import Monitor
import NIOCore
import Processes
import RunnerStore

/// What the control server knows of the connection a request came on.
struct ControlContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who connected; nil if that could not be told.
    var owner: ConnectionOwner?

    init(source: Source) { coreContext = .init(source: source) }
}

extension ConnectionOwner {
    /// Whether it is this user, or root.
    var isTrusted: Bool { userID == getuid() || userID == 0 }

    /// Who holds the other end of a channel that is open.
    ///
    /// An address pair belongs to one connection at a time: while our end is connected, whoever has the
    /// other one is our peer. Asked after the lookup, for a peer that leaves may be followed by another
    /// on the same port; and before it, to save one for who has left.
    static func of(_ channel: any Channel) async -> ConnectionOwner? {
        guard let client = channel.remoteAddress.flatMap(SocketEnd.init),
            let server = channel.localAddress.flatMap(SocketEnd.init),
            await isConnected(channel), let owner = find(client: client, server: server),
            await isConnected(channel)
        else { return nil }
        return owner
    }

    private static func isConnected(_ channel: any Channel) async -> Bool {
        // A channel that is closed has no such option any more.
        let state = try? await (channel as? any SocketOptionProvider)?.getTCPInfo().get().tcpi_state
        return state == UInt8(TCP_ESTABLISHED)
    }
}

extension SocketEnd {
    init?(_ address: SocketAddress) {
        guard case .v4(let v4) = address, let port = address.port else { return nil }
        self.init(address: withUnsafeBytes(of: v4.address.sin_addr.s_addr) { Array($0) }, port: port)
    }
}

/// Lets in what comes from this user's own programs, and turns every error into JSON.
struct ControlAdmission: RouterMiddleware {
    func handle(
        _ request: Request, context: ControlContext,
        next: (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        do {
            try admit(request, context)
            return try await next(request, context)
        } catch let error as HTTPError {
            return .failure(error.status, error.body ?? "\(error.status)")
        } catch let error as any HTTPResponseError {
            return .failure(error.status, "\(error.status.reasonPhrase)")
        }
    }

    private func admit(_ request: Request, _ context: ControlContext) throws {
        guard let owner = context.owner else {
            throw HTTPError(.forbidden, message: "the connecting socket has no owner any more")
        }
        guard owner.isTrusted else {
            throw HTTPError(.forbidden, message: "the connecting process belongs to another user")
        }
        guard request.headers[.origin] == nil else {
            throw HTTPError(.forbidden, message: "requests from web pages are refused")
        }
        let host = (request.head.authority ?? "").lowercased()
            .split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard host[0] == "127.0.0.1" || host[0] == "localhost", host.count == 1 || UInt16(host[1]) != nil
        else {
            throw HTTPError(.forbidden, message: "the Host must be 127.0.0.1 or localhost")
        }
        if let type = request.headers[.contentType] {
            let essence = type.split(separator: ";").first.map { String($0).trimmingWhitespace.lowercased() }
            guard essence == "application/json" else {
                throw HTTPError(.unsupportedMediaType, message: "the body must be application/json")
            }
        }
    }
}
