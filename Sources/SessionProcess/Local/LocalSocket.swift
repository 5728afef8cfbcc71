import Glibc
import Home
import NIOCore
import Processes

/// What both ends of a session's socket know.
enum LocalSocket {
    /// A socket's path has 107 bytes at most, and a home may be deep: the directory is opened, and the socket
    /// named below its descriptor.
    static func directory(of path: String) throws(FileError) -> Int32 {
        let directory = parentDirectory(path) ?? "/"
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(action: "open", path: directory, code: errno) }
        return descriptor
    }

    static func shortPath(_ directory: Int32, _ path: String) -> String {
        "/proc/self/fd/\(directory)/\(path.split(separator: "/").last ?? "")"
    }

    /// As the kernel fills it in for `SO_PEERCRED`.
    private struct Credentials {
        var pid: Int32 = 0
        var uid: UInt32 = .max
        var gid: UInt32 = .max
    }

    /// Whether the other end belongs to this user, or to root.
    static func isOurs(_ channel: any Channel) async throws -> Bool {
        guard let options = channel as? any SocketOptionProvider else { return false }
        let peer: Credentials = try await options.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: CInt(SO_PEERCRED))
        ).get()
        return peer.uid == getuid() || peer.uid == 0
    }
}
