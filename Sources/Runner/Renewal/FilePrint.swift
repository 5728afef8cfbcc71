import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// What tells one version of a file from another.
struct FilePrint: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    /// In nanoseconds since 1970.
    let modified: Int64

    /// nil if there is no file, or an empty one.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 else {
            return nil
        }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        // Some file systems keep times that no clock tells: only whether it is the same matters here.
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
    /// It is the one that runs, or there is none, or it has failed and is not to be tried again yet.
    case stay
    /// It has changed since the last look: look again, it may be half-written.
    case wait
    /// It is another, and has stayed as it is.
    case prove

    /// - Parameters:
    ///   - running: the program that runs.
    ///   - found: the one on disk now.
    ///   - seen: the one on disk at the last look.
    ///   - failed: the last one that failed, and whether it may be tried again.
    static func on(
        running: FilePrint?, found: FilePrint?, seen: FilePrint?, failed: (FilePrint, retry: Bool)?
    ) -> RenewalVerdict {
        guard let running, let found, found != running else { return .stay }
        if let failed, failed.0 == found, !failed.retry { return .stay }
        return found == seen ? .prove : .wait
    }
}
