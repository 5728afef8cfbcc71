import Glibc
import Processes

/// A file that another program appends lines to. It is not kept open between reads.
struct GrowingFile: Sendable {
    private static let portion = 1 << 20

    let path: String
    private var offset: Int64
    private var inode: UInt64?
    private var framing = LineFraming()

    init(path: String) {
        self.path = path
        offset = 0
    }

    /// Skips all but about the last `bytes` of the current content.
    mutating func skip(toLast bytes: Int64) {
        guard let seen = Self.look(path) else { return }
        inode = seen.inode
        offset = max(0, seen.size - bytes)
    }

    /// The next complete lines, from at most 1 MiB; nil if there is nothing new. A file that was replaced or
    /// truncated is read from its beginning.
    mutating func read() -> [[UInt8]]? {
        guard let seen = Self.look(path) else { return nil }
        if seen.inode != inode || seen.size < offset {
            if inode != nil {
                offset = 0
                framing = LineFraming()
            }
            inode = seen.inode
        }
        guard seen.size > offset, let bytes = portion(), !bytes.isEmpty else { return nil }
        offset += Int64(bytes.count)
        return framing.append(bytes).compactMap { piece in
            if case .line(let line) = piece { line } else { nil }
        }
    }

    private func portion() -> [UInt8]? {
        let file = path.withSystemText { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard file >= 0 else { return nil }
        defer { close(file) }
        let count = Self.portion
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, read in
            read = max(0, pread(file, buffer.baseAddress, count, off_t(offset)))
        }
    }

    private static func look(_ path: String) -> (inode: UInt64, size: Int64)? {
        var status = stat()
        guard path.withSystemText({ stat($0, &status) }) == 0 else { return nil }
        return (UInt64(status.st_ino), Int64(status.st_size))
    }
}
