import Glibc
import HubClient
import Processes
import RunnerStore

/// The exclusive right to be the runner of a home.
///
/// The lock is `flock` on the home directory itself: it cannot be split by unlinking a file, and ends with
/// the process. The lock file beside the state file only tells others, including HAPI's own programs.
package final class RunnerLock: Sendable {
    private let descriptor: Int32
    private let home: RunnerHome
    private var path: String { home.lockFile }

    private init(descriptor: Int32, home: RunnerHome) {
        self.descriptor = descriptor
        self.home = home
    }

    deinit { close(descriptor) }

    /// nil if another runner holds it.
    package static func acquire(_ home: RunnerHome) throws(FileError) -> RunnerLock? {
        let descriptor = open(home.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(action: "open", path: home.path, code: errno) }
        let lock = RunnerLock(descriptor: descriptor, home: home)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            if errno == EWOULDBLOCK { return nil }
            throw FileError(action: "lock", path: home.path, code: errno)
        }
        return try lock.takeFile() ? lock : nil
    }

    /// Writes the lock file, replacing a stale one. False if HAPI's own runner, which doesn't use `flock`,
    /// holds it.
    private func takeFile() throws(FileError) -> Bool {
        for _ in 0..<100 {
            let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            if file >= 0 {
                let written = writeAll(file, Array("\(getpid())".utf8))
                let code = errno
                close(file)
                guard written else { throw FileError(action: "write", path: path, code: code) }
                return true
            }
            guard errno == EEXIST else { throw FileError(action: "create", path: path, code: errno) }
            if let holder = Self.holder(path), holder != getpid(), ProcessTable.isRunner(holder, of: home) {
                return false
            }
            guard unlink(path) == 0 || errno == ENOENT else {
                throw FileError(action: "replace the stale", path: path, code: errno)
            }
        }
        return false
    }

    /// The pid in a lock file; nil if it is empty or invalid.
    package static func holder(_ path: String) -> Int32? {
        guard let bytes = readFile(path) else { return nil }
        return Int32(String(decoding: bytes, as: UTF8.self).trimmingWhitespace).flatMap { $0 > 0 ? $0 : nil }
    }

    /// Takes over the lock of an earlier image of this process; nil if the descriptor is not a lock on this
    /// home.
    package convenience init?(inherited descriptor: Int32, _ home: RunnerHome) {
        var (left, folder) = (stat(), stat())
        guard fstat(descriptor, &left) == 0, stat(home.path, &folder) == 0, left.st_dev == folder.st_dev,
            left.st_ino == folder.st_ino, flock(descriptor, LOCK_EX | LOCK_NB) == 0
        else { return nil }
        self.init(descriptor: descriptor, home: home)
    }

    /// The locked directory's descriptor, for the next image.
    package var inheritable: Int32 { descriptor }

    /// Writes the lock file again if it was removed or overwritten.
    package func restoreFile() throws(FileError) {
        if !isOwned { try replaceFile(path, with: Array("\(getpid())".utf8)) }
    }

    /// Whether the locked directory is still the one at its path. True also if that cannot be determined.
    package var isInPlace: Bool {
        var (locked, found) = (stat(), stat())
        guard fstat(descriptor, &locked) == 0 else { return true }
        guard stat(home.path, &found) == 0 else { return errno != ENOENT && errno != ENOTDIR }
        return locked.st_dev == found.st_dev && locked.st_ino == found.st_ino
    }

    /// Whether the lock file still names this process.
    package var isOwned: Bool { Self.holder(path) == getpid() }

    /// Removes the lock file if it is ours. The `flock` is released with this object.
    package func removeFile() {
        if isOwned { unlink(path) }
    }
}
