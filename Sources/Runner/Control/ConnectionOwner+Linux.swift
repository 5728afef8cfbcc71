import Glibc

/// Who holds the other end of a loopback connection, from `/proc/net/tcp` and `tcp6`, proc(5).
struct ConnectionOwner: Equatable {
    let userID: UInt32
    let inode: UInt64

    /// The owner of the established socket at `client` that is connected to `server`. nil for
    /// anything else: a socket that was closed has no owner any more.
    static func find(client: SocketEnd, server: SocketEnd) -> ConnectionOwner? {
        for (table, width) in [("/proc/net/tcp", 4), ("/proc/net/tcp6", 16)] {
            guard let bytes = readFile(table) else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            if let owner = find(in: text, client: client.hex(width), server: server.hex(width)) {
                return owner
            }
        }
        return nil
    }

    static func find(in table: String, client: String, server: String) -> ConnectionOwner? {
        for line in table.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[1] == client, fields[2] == server, fields[3] == "01",
                let user = UInt32(fields[7]), let inode = UInt64(fields[9]), inode != 0
            else { continue }
            return ConnectionOwner(userID: user, inode: inode)
        }
        return nil
    }
}

/// An IPv4 address and a port.
struct SocketEnd: Equatable {
    let address: [UInt8]
    let port: Int

    /// As the kernel prints it: each 32-bit word of the address in host byte order. In 16 bytes an
    /// IPv4 address is a mapped one.
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
