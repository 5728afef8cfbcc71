import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// The control server's socket: bound and listening for the life of the runner, and passed to the next image
/// when the program is renewed, so that no connection is ever refused.
struct ListeningSocket: Sendable {
    /// Maximum connections that the kernel queues for accept(2).
    private static let backlog: Int32 = 1024

    let descriptor: Int32
    let port: Int

    /// Takes the inherited socket, or binds 127.0.0.1 on a port that the system picks.
    static func open() throws(ControlServerError) -> ListeningSocket {
        if let inherited = Inheritance.own?.listener, let port = SocketEnd(ownOf: inherited)?.port {
            _ = fcntl(inherited, F_SETFL, O_NONBLOCK)
            return ListeningSocket(descriptor: inherited, port: port)
        }
        let descriptor = try streamSocket()
        let bound = atLoopback(port: 0) { bind(descriptor, $0, $1) }
        guard bound == 0, listen(descriptor, backlog) == 0,
            let port = SocketEnd(ownOf: descriptor)?.port
        else {
            let reason = errorText(errno)
            close(descriptor)
            throw ControlServerError(reason: reason)
        }
        do {
            try reach(port)
        } catch {
            close(descriptor)
            throw error
        }
        return ListeningSocket(descriptor: descriptor, port: port)
    }

    /// Connects once, because bind(2) succeeds even if the loopback interface is down and no client could
    /// connect.
    private static func reach(_ port: Int) throws(ControlServerError) {
        let descriptor = try streamSocket()
        defer { close(descriptor) }
        let code = atLoopback(port: port) { connect(descriptor, $0, $1) } == 0 ? 0 : errno
        guard code != 0, code != EINPROGRESS else { return }
        throw ControlServerError(
            reason: "it cannot be reached there: \(errorText(code)). Is the loopback interface up? "
                + "`ip link set lo up` brings it up")
    }

    private static func streamSocket() throws(ControlServerError) -> Int32 {
        let type = [SOCK_STREAM, SOCK_CLOEXEC, SOCK_NONBLOCK].reduce(0) { $0 | Int32($1.rawValue) }
        let descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw ControlServerError(reason: errorText(errno)) }
        return descriptor
    }

    /// Calls `body` with the address 127.0.0.1.
    private static func atLoopback(
        port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
