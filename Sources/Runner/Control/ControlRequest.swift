import NIOCore
import NIOHTTP1

/// A request to the control server that was read whole.
struct ControlRequest: Sendable {
    let endpoint: ControlEndpoint
    let headers: HTTPHeaders
    let body: ByteBuffer
    /// Who sent it. Only this user's programs and root's get as far as this.
    let owner: ConnectionOwner
}

/// What can be asked of the control server.
enum ControlEndpoint: String {
    case sessionStarted = "/session-started"
    case list = "/list"
    case stopSession = "/stop-session"
    case spawnSession = "/spawn-session"
    case stop = "/stop"

    init?(_ head: HTTPRequestHead) {
        self.init(rawValue: String(head.uri.prefix { $0 != "?" }))
    }

    /// Whether it begins work that a renewal has to wait for.
    var isWork: Bool { self == .spawnSession || self == .stopSession }
}
