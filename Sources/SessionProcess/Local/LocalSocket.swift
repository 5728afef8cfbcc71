import Glibc
import Home
import NIOCore
import Processes

/// Used by both ends of a session's socket.
enum LocalSocket {
    /// Opens the socket's directory, so that the socket can be named relative to its descriptor: a socket
    /// path has at most 107 bytes (unix(7)), and the home's path may be longer.
    static func directory(of path: String) throws(FileError) -> Int32 {
        let directory = parentDirectory(path) ?? "/"
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(action: "open", path: directory, code: errno) }
        return descriptor
    }

    static func shortPath(_ directory: Int32, _ path: String) -> String {
        "/proc/self/fd/\(directory)/\(path.split(separator: "/").last ?? "")"
    }

    /// `struct ucred`, which the kernel fills in for `SO_PEERCRED`.
    private struct Credentials {
        var pid: Int32 = 0
        var uid: UInt32 = .max
        var gid: UInt32 = .max
    }

    /// Whether the peer is this user or root.
    static func isOurs(_ channel: any Channel) async throws -> Bool {
        guard let options = channel as? any SocketOptionProvider else { return false }
        let peer: Credentials = try await options.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: CInt(SO_PEERCRED))
        ).get()
        return peer.uid == getuid() || peer.uid == 0
    }
}
