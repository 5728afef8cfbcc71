import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// What distinguishes one version of a file from another.
struct FilePrint: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    /// In nanoseconds since 1970.
    let modified: Int64

    /// nil if the file is missing or empty.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
            return nil
        }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        // Wrapping arithmetic, because some file systems have arbitrary times; only equality matters here.
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    }

    init(device: UInt64, inode: UInt64, size: Int64, modified: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
    }
}

/// What to do about the program on disk.
enum RenewalVerdict: Equatable {
    /// Nothing: it is the running program, is missing, or has failed and is not to be retried yet.
    case stay
    /// It has changed since the last look and may be incomplete: look again.
    case wait
    /// It is a new program and has stopped changing.
    case prove

    /// - Parameters:
    ///   - running: the running program.
    ///   - found: the program on disk now.
    ///   - seen: the program on disk at the last look.
    ///   - failed: the last program that failed, and whether to retry it.
    static func on(
        running: FilePrint?, found: FilePrint?, seen: FilePrint?, failed: (FilePrint, retry: Bool)?
    ) -> RenewalVerdict {
        guard let running, let found, found != running else { return .stay }
        if let failed, failed.0 == found, !failed.retry { return .stay }
        return found == seen ? .prove : .wait
    }
}
