import Glibc
import HubClient
import Processes
import RunnerStore

/// The directories sessions may work in; none given means everywhere.
package struct WorkspaceRoots: Sendable {
    /// As given, absolute: what the hub is told.
    package let advertised: [String]
    private let resolved: [String]

    /// Each must be an existing directory.
    package init(_ paths: [String]) throws(ConfigurationError) {
        var advertised: [String] = []
        for path in paths {
            guard !path.isEmpty else {
                throw ConfigurationError(variable: "--workspace-root", value: path, needed: "a path")
            }
            let home = getenv("HOME").map { String(cString: $0) } ?? ""
            let full = absolutePath(path == "~" || path.hasPrefix("~/") ? home + path.dropFirst() : path)
            guard isDirectory(full) else {
                throw ConfigurationError(
                    variable: "--workspace-root", value: full, needed: "an existing directory")
            }
            if !advertised.contains(full) { advertised.append(full) }
        }
        self.advertised = advertised
        resolved = advertised.map { resolvedPath($0) }
    }

    package var isEmpty: Bool { resolved.isEmpty }

    /// What a path outside the roots is answered with: the hub's own words.
    package static let outside = "Directory is outside this machine's workspace roots"

    /// Whether a path without any links in it lies in a root.
    package func containsResolved(_ target: String) -> Bool {
        resolved.contains { Self.contains($0, target) }
    }

    /// The path with all links followed, if it lies in a root. Without roots, the path itself. None that
    /// the system would not take.
    package func admit(_ path: String) -> String? {
        guard path.utf8.count < Int(PATH_MAX) else { return nil }
        guard !isEmpty else { return path }
        let target = resolvedPath(path)
        return containsResolved(target) ? target : nil
    }

    /// Whether `target` is `root` or lies below it; both without links.
    package static func contains(_ root: String, _ target: String) -> Bool {
        root == "/" || target == root || target.hasPrefix(root + "/")
    }
}
