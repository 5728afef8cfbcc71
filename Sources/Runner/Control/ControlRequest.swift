import NIOCore
import NIOHTTP1

/// A complete request to the control server.
struct ControlRequest: Sendable {
    let endpoint: ControlEndpoint
    let headers: HTTPHeaders
    let body: ByteBuffer
    /// The sender: by now known to be this user or root.
    let owner: ConnectionOwner
}

/// The endpoints of the control server.
enum ControlEndpoint: String {
    case sessionStarted = "/session-started"
    case list = "/list"
    case stopSession = "/stop-session"
    case spawnSession = "/spawn-session"
    case stop = "/stop"

    init?(_ head: HTTPRequestHead) {
        self.init(rawValue: String(head.uri.prefix { $0 != "?" }))
    }

    /// Whether it starts work that a renewal has to wait for.
    var isWork: Bool { self == .spawnSession || self == .stopSession }
}
