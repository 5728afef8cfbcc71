import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import RunnerStore

/// Lists directories for the web app, inside the workspace roots only.
struct DirectoryBrowser {
    let roots: WorkspaceRoots

    func list(_ path: String, hidden: Bool) -> MachineRPCMessages.DirectoryListing {
        if roots.isEmpty { return .init(error: "Workspace browsing is not enabled for this machine") }
        if path.trimmingWhitespace.isEmpty { return .init(error: "Path is required") }
        guard let directory = roots.admit(path) else {
            return .init(error: "Path is outside workspace roots")
        }
        var status = stat()
        guard stat(directory, &status) == 0, access(directory, R_OK) == 0 else {
            return .init(error: "cannot list \(directory.visible): \(errorText(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return .init(error: "Path is not a directory") }
        let entries = entries(of: directory).filter { hidden || !$0.hasPrefix(".") }
            .compactMap { entry(directory, $0) }
        return .init(entries: entries.sorted(by: Self.directoriesFirst))
    }

    /// nil if the entry vanished while the directory was listed. Symbolic links are not followed.
    private func entry(_ directory: String, _ name: String) -> MachineRPCMessages.DirectoryEntry? {
        var status = stat()
        guard lstat("\(directory)/\(name)", &status) == 0 else { return nil }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFDIR else {
            return .init(name: name, type: "other", size: nil, modified: nil, isGitRepo: false)
        }
        let modified = Double(status.st_mtim.tv_sec) * 1000 + Double(status.st_mtim.tv_nsec / 1_000_000)
        let isDirectory = kind == S_IFDIR
        return .init(
            name: name, type: isDirectory ? "directory" : "file", size: Int64(status.st_size),
            modified: modified,
            isGitRepo: isDirectory && access("\(directory)/\(name)/.git", F_OK) == 0)
    }

    private static func directoriesFirst(
        _ left: MachineRPCMessages.DirectoryEntry, _ right: MachineRPCMessages.DirectoryEntry
    ) -> Bool {
        if (left.type == "directory") != (right.type == "directory") { return left.type == "directory" }
        return (left.name.lowercased(), left.name) < (right.name.lowercased(), right.name)
    }
}
