import CProcess
import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// The owner of the other end of a loopback connection, from sock_diag(7) or, if the kernel does not offer
/// it, from `/proc/net/tcp` and `tcp6` (proc(5)), which take milliseconds to list.
struct ConnectionOwner: Equatable {
    let userID: UInt32
    let inode: UInt64

    /// The owner of the other end of one of our connected sockets; nil if it has disconnected.
    ///
    /// An address pair belongs to one connection at a time: while our end is connected, the owner of the
    /// other end is our peer. Checked after the lookup, because a peer that disconnects may be followed by
    /// another on the same port, and before it, to save a pointless lookup.
    static func of(_ descriptor: Int32) -> ConnectionOwner? {
        guard let client = SocketEnd(peerOf: descriptor), let server = SocketEnd(ownOf: descriptor),
            isConnected(descriptor), let owner = find(client: client, server: server),
            isConnected(descriptor)
        else { return nil }
        return owner
    }

    static func isConnected(_ descriptor: Int32) -> Bool {
        // The state is the first byte of `tcp_info`, see tcp(7).
        var state = UInt8(0)
        var size = socklen_t(1)
        return getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &state, &size) == 0
            && state == UInt8(TCP_ESTABLISHED)
    }

    /// The owner of the established socket at `client` that is connected to `server`. nil if there is none: a
    /// closed socket has no owner.
    static func find(client: SocketEnd, server: SocketEnd) -> ConnectionOwner? {
        var owner = cprocess_socket_owner()
        let code = cprocess_find_socket(
            client.addressWord, client.portWord, server.addressWord, server.portWord, &owner)
        if code == 0 {
            guard owner.is_established == 1, owner.inode != 0 else { return nil }
            return ConnectionOwner(userID: owner.user, inode: UInt64(owner.inode))
        }
        return findInTables(client: client, server: server)
    }

    static func findInTables(client: SocketEnd, server: SocketEnd) -> ConnectionOwner? {
        for (table, width) in [("/proc/net/tcp", 4), ("/proc/net/tcp6", 16)] {
            guard let bytes = readFile(table) else { continue }
            if let owner = find(in: bytes, client: client.hex(width), server: server.hex(width)) {
                return owner
            }
        }
        return nil
    }

    /// Searches a table that may have thousands of lines for one line. The searched columns are local
    /// address, remote address and state (01: established). The user and the inode are the fifth and the
    /// eighth column after them.
    static func find(in table: [UInt8], client: String, server: String) -> ConnectionOwner? {
        let columns = Array(" \(client) \(server) 01 ".utf8)
        let start = cprocess_find(table, table.count, columns, columns.count)
        guard start >= 0 else { return nil }
        let rest = table[(start + columns.count)...].prefix { $0 != UInt8(ascii: "\n") }
        let fields = rest.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count > 5, let user = UInt32(fields[3]), let inode = UInt64(fields[5]), inode != 0 else {
            return nil
        }
        return ConnectionOwner(userID: user, inode: inode)
    }
}

/// An IPv4 address and a port.
struct SocketEnd: Equatable {
    let address: [UInt8]
    let port: Int

    init(address: [UInt8], port: Int) {
        self.address = address
        self.port = port
    }

    init?(ownOf descriptor: Int32) { self.init { getsockname(descriptor, $0, $1) } }
    init?(peerOf descriptor: Int32) { self.init { getpeername(descriptor, $0, $1) } }

    private init?(_ name: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { name($0, &size) }
        }
        guard code == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
        self.init(
            address: withUnsafeBytes(of: address.sin_addr.s_addr) { Array($0) },
            port: Int(UInt16(bigEndian: address.sin_port)))
    }

    /// In network byte order.
    var addressWord: UInt32 { address.reduce(0) { $0 << 8 | UInt32($1) }.bigEndian }
    var portWord: UInt16 { UInt16(port).bigEndian }

    /// As the kernel prints it: each 32-bit word of the address in host byte order. `width` 16 gives the
    /// IPv4-mapped IPv6 address.
    func hex(_ width: Int) -> String {
        let bytes = width == 4 ? address : [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] + address
        let words = stride(from: 0, to: bytes.count, by: 4).flatMap { bytes[$0..<($0 + 4)].reversed() }
        return words.map { Self.hex(UInt($0), 2) }.joined() + ":" + Self.hex(UInt(port), 4)
    }

    private static func hex(_ value: UInt, _ width: Int) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
