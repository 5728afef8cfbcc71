import Glibc
import Testing

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner

/// A TCP connection of this process to itself.
final class LoopbackConnection {
    let client: SocketEnd
    let server: SocketEnd
    private let listener: Int32
    private let descriptor: Int32

    init() throws {
        let stream = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let (listener, descriptor) = (socket(AF_INET, stream, 0), socket(AF_INET, stream, 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        try #require(Self.with(&address) { bind(listener, $0, $1) } == 0)
        try #require(listen(listener, 1) == 0)
        let server = try Self.end(of: listener)
        address.sin_port = in_port_t(server.port).bigEndian
        // The kernel completes the connection without accept(2).
        try #require(Self.with(&address) { connect(descriptor, $0, $1) } == 0)
        client = try Self.end(of: descriptor)
        (self.server, self.listener, self.descriptor) = (server, listener, descriptor)
    }

    deinit { close(listener) }

    func closeClient() { close(descriptor) }

    private static func end(of descriptor: Int32) throws -> SocketEnd {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = with(&address) { pointer, _ in
            getsockname(descriptor, UnsafeMutablePointer(mutating: pointer), &length)
        }
        try #require(code == 0)
        let bytes = withUnsafeBytes(of: address.sin_addr.s_addr) { Array($0) }
        return SocketEnd(address: bytes, port: Int(in_port_t(bigEndian: address.sin_port)))
    }

    private static func with(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }
}
