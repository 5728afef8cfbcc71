import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// The control server's socket: bound and listening, kept open for the life of the runner, and left to
/// the next image when the program is renewed, so that no connection is ever refused.
struct ListeningSocket: Sendable {
    let descriptor: Int32
    let port: Int

    /// Goes on with the socket that was inherited, or binds 127.0.0.1 on a port the system picks.
    static func open() throws(ControlServerError) -> ListeningSocket {
        if let inherited = Inheritance.own?.listener, let port = port(of: inherited) {
            return ListeningSocket(descriptor: inherited, port: port)
        }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ControlServerError(reason: errorText(errno)) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(descriptor, 1024) == 0, let port = port(of: descriptor) else {
            let reason = errorText(errno)
            close(descriptor)
            throw ControlServerError(reason: reason)
        }
        return ListeningSocket(descriptor: descriptor, port: port)
    }

    private static func port(of descriptor: Int32) -> Int? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let found = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return found == 0 && address.sin_family == sa_family_t(AF_INET)
            ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}
