import CProcess
import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// A checked directory, held open so that the session starts in what was checked, even if its path changes.
final class WorkingDirectory: Sendable {
    let path: String
    let descriptor: Int32

    /// Opens an existing directory. With roots, it must lie in one of them after links are resolved.
    init(_ path: String, in roots: WorkspaceRoots) throws(DirectoryError) {
        let descriptor = path.withSystemText { cprocess_open_directory(AT_FDCWD, $0, 1) }
        guard descriptor >= 0 else { throw DirectoryError(description: directoryProblem(path, -descriptor)) }
        self.path = path
        self.descriptor = descriptor
        guard roots.isEmpty || linkTarget("/proc/self/fd/\(descriptor)").map(roots.containsResolved) == true
        else {
            throw DirectoryError(description: WorkspaceRoots.outside)
        }
    }

    deinit { close(descriptor) }

    /// Creates a directory with its missing ancestors and opens it. Follows no symbolic links on the way, so
    /// that it is created where the check looked.
    static func create(_ path: String, in roots: WorkspaceRoots) throws(DirectoryError) -> WorkingDirectory {
        let existing = nearestExisting(path)
        var parent = try WorkingDirectory(existing, in: roots)
        for name in pathParts(String(decoding: path.utf8.dropFirst(existing.utf8.count), as: UTF8.self)) {
            parent = try parent.child(name, roots)
        }
        return try WorkingDirectory(path, in: roots)
    }

    private func child(_ name: String, _ roots: WorkspaceRoots) throws(DirectoryError) -> WorkingDirectory {
        let full = path == "/" ? "/\(name)" : "\(path)/\(name)"
        guard mkdirat(descriptor, name, 0o777) == 0 || errno == EEXIST else {
            throw DirectoryError(description: directoryProblem(full, errno))
        }
        let child = name.withSystemText { cprocess_open_directory(descriptor, $0, 0) }
        guard child >= 0 else { throw DirectoryError(description: directoryProblem(full, -child)) }
        return WorkingDirectory(opened: child, path: full)
    }

    private init(opened descriptor: Int32, path: String) {
        self.path = path
        self.descriptor = descriptor
    }

    private static func nearestExisting(_ path: String) -> String {
        var path = path
        while path != "/", DirectoryState.of(path) == .missing {
            path = parentDirectory(path) ?? "/"
        }
        return path
    }
}

struct DirectoryError: Error, CustomStringConvertible {
    let description: String
}
