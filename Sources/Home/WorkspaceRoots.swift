import Glibc
import HubClient
import Processes
import RunnerStore

/// The directories in which sessions may work; none means everywhere.
package struct WorkspaceRoots: Sendable {
    /// Absolute, but otherwise as given; sent to the hub.
    package let advertised: [String]
    private let resolved: [String]

    /// Throws unless each is an existing directory.
    package init(_ paths: [String]) throws {
        var advertised: [String] = []
        for path in paths {
            guard !path.isEmpty else {
                throw ConfigurationError(variable: "--workspace-root", value: path, needed: "a path")
            }
            let full = try absolutePath(try UserHome.expand(path, processEnvironment))
            guard isDirectory(full) else {
                throw ConfigurationError(
                    variable: "--workspace-root", value: full, needed: "an existing directory")
            }
            if !advertised.contains(where: { isSamePath($0, full) }) { advertised.append(full) }
        }
        self.advertised = advertised
        resolved = advertised.map { resolvedPath($0) }
    }

    package var isEmpty: Bool { resolved.isEmpty }

    /// The answer for a path outside the roots, in the hub's words.
    package static let outside = "Directory is outside this machine's workspace roots"

    /// Whether a path without symbolic links is in a root.
    package func containsResolved(_ target: String) -> Bool { resolved.contains { lies(target, in: $0) } }

    /// Whether there is a directory at the path. False outside the roots. A link in a root that leads out of
    /// it counts as existing, so that nobody asks to create it; a spawn there is refused with the reason.
    package func isDirectoryThere(_ path: String) -> Bool {
        guard isAbsolute(path) else { return false }
        if let target = admit(path) { return isDirectory(target) }
        let path = normalizedPath(path)
        guard let parent = parentDirectory(path).flatMap(admit) else { return false }
        return isDirectory("\(parent)/\(lastName(of: path))")
    }

    /// The path with all links resolved if it is in a root; nil otherwise, or if it is too long for the
    /// kernel. Without roots, the path itself.
    package func admit(_ path: String) -> String? {
        guard path.utf8.count < Int(PATH_MAX) else { return nil }
        guard !isEmpty else { return path }
        let target = resolvedPath(path)
        return containsResolved(target) ? target : nil
    }
}
