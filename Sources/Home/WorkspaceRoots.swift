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

    /// What a path outside the roots is answered with: the hub's own words.
    package static let outside = "Directory is outside this machine's workspace roots"

    /// Whether a path without any links in it lies in a root.
    package func containsResolved(_ target: String) -> Bool { resolved.contains { lies(target, in: $0) } }

    /// Whether a directory is at the path; outside the roots nothing is told. A link in a root that leads out of
    /// it is there: what is asked about it is not to be created, and a spawn there is told why it cannot be.
    package func isDirectoryThere(_ path: String) -> Bool {
        guard isAbsolute(path) else { return false }
        if let target = admit(path) { return isDirectory(target) }
        let path = normalizedPath(path)
        guard let parent = parentDirectory(path).flatMap(admit) else { return false }
        return isDirectory("\(parent)/\(lastName(of: path))")
    }

    /// The path with all links followed, if it lies in a root. Without roots, the path itself. None that
    /// the system would not take.
    package func admit(_ path: String) -> String? {
        guard path.utf8.count < Int(PATH_MAX) else { return nil }
        guard !isEmpty else { return path }
        let target = resolvedPath(path)
        return containsResolved(target) ? target : nil
    }
}
