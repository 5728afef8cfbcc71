import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// The control server's socket: bound and listening, kept open for the life of the runner, and left to
/// the next image when the program is renewed, so that no connection is ever refused.
struct ListeningSocket: Sendable {
    /// How many connections the kernel keeps until they are accepted.
    private static let backlog: Int32 = 1024

    let descriptor: Int32
    let port: Int

    /// Goes on with the socket that was inherited, or binds 127.0.0.1 on a port the system picks.
    static func open() throws(ControlServerError) -> ListeningSocket {
        if let inherited = Inheritance.own?.listener, let port = SocketEnd(ownOf: inherited)?.port {
            _ = fcntl(inherited, F_SETFL, O_NONBLOCK)
            return ListeningSocket(descriptor: inherited, port: port)
        }
        let type = [SOCK_STREAM, SOCK_CLOEXEC, SOCK_NONBLOCK].reduce(0) { $0 | Int32($1.rawValue) }
        let descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw ControlServerError(reason: errorText(errno)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(descriptor, backlog) == 0,
            let port = SocketEnd(ownOf: descriptor)?.port
        else {
            let reason = errorText(errno)
            close(descriptor)
            throw ControlServerError(reason: reason)
        }
        return ListeningSocket(descriptor: descriptor, port: port)
    }
}
