import Glibc
import HTTPTypes
import Hummingbird
import NIOCore

/// What the control server knows of the connection a request came on.
struct ControlContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let client: SocketEnd?
    let server: SocketEnd?

    init(source: Source) {
        coreContext = .init(source: source)
        client = source.channel.remoteAddress.flatMap(SocketEnd.init)
        server = source.channel.localAddress.flatMap(SocketEnd.init)
    }

    /// Who holds the client's socket now; nil if nobody does.
    var owner: ConnectionOwner? {
        guard let client, let server else { return nil }
        return ConnectionOwner.find(client: client, server: server)
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
        guard owner.userID == getuid() || owner.userID == 0 else {
            throw HTTPError(.forbidden, message: "the connecting process belongs to another user")
        }
        guard request.headers[.origin] == nil else {
            throw HTTPError(.forbidden, message: "requests from web pages are refused")
        }
        let host = (request.head.authority ?? "").split(separator: ":").first.map(String.init)
        guard host == "127.0.0.1" || host?.lowercased() == "localhost" else {
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
