import Glibc
import Home
import HubProtocol
import Processes

/// The client side of a session's socket. Blocks, because the programs that use it do nothing else.
package struct LocalClient: ~Copyable {
    package let descriptor: Int32
    private var framing = LineFraming(limit: 64 << 20)
    private var lines: [JSONValue] = []

    package init(_ home: RunnerHome, recordID: String) throws(FileError) {
        descriptor = try Self.connected(home.socket(of: recordID))
    }

    private static func connected(_ path: String) throws(FileError) -> Int32 {
        let directory = try LocalSocket.directory(of: path)
        defer { close(directory) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw FileError(action: "connect to", path: path, code: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(LocalSocket.shortPath(directory, path).utf8.prefix(107)) + [0]
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw FileError(action: "connect to", path: path, code: code)
        }
        return descriptor
    }

    deinit { close(descriptor) }

    /// Returns false if the session has ended.
    @discardableResult
    package func send(_ order: JSONValue) -> Bool {
        guard var bytes = try? JSON.encode(order) else { return false }
        bytes.append(UInt8(ascii: "\n"))
        return bytes.withUnsafeBytes { all in
            var sent = 0
            while sent < all.count {
                let count = Glibc.send(
                    descriptor, all.baseAddress.map { $0 + sent }, all.count - sent,
                    Int32(MSG_NOSIGNAL))
                if count < 0 && errno != EINTR { return false }
                sent += max(count, 0)
            }
            return true
        }
    }

    /// Waits for data and returns the complete lines; nil if the session has ended.
    package mutating func receive() -> [JSONValue]? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return nil }
            return framing.append(buffer.prefix(count)).compactMap { piece in
                guard case .line(let bytes) = piece else { return nil }
                // Skips a line that cannot be parsed; our own server does not send any.
                return try? JSONValue(parsing: bytes)
            }
        }
    }

    /// Waits for the first line for which `wanted` returns a value; nil if the session has ended.
    package mutating func wait<Value>(_ wanted: (JSONValue) -> Value?) -> Value? {
        while true {
            while !lines.isEmpty { if let value = wanted(lines.removeFirst()) { return value } }
            guard let more = receive() else { return nil }
            lines += more
        }
    }
}
