import Glibc

/// The directories sessions may work in; none given means everywhere.
public struct WorkspaceRoots: Sendable {
    /// As given, absolute: what the hub is told.
    public let advertised: [String]
    private let resolved: [String]

    /// Each must be an existing directory.
    public init(_ paths: [String]) throws(ConfigurationError) {
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

    public var isEmpty: Bool { resolved.isEmpty }

    /// What a path outside the roots is answered with: the hub's own words.
    static let outside = "Directory is outside this machine's workspace roots"

    /// Whether a path without any links in it lies in a root.
    func containsResolved(_ target: String) -> Bool { resolved.contains { Self.contains($0, target) } }

    /// The path with all links followed, if it lies in a root. Without roots, the path itself. None that
    /// the system would not take.
    func admit(_ path: String) -> String? {
        guard path.utf8.count < Int(PATH_MAX) else { return nil }
        guard !isEmpty else { return path }
        let target = resolvedPath(path)
        return containsResolved(target) ? target : nil
    }

    static func contains(_ root: String, _ target: String) -> Bool {
        root == "/" || target == root || target.hasPrefix(root + "/")
    }
}

/// The path with the links of its existing part followed; what does not exist yet is kept as it is.
public func resolvedPath(_ path: String) -> String {
    let path = absolutePath(path)
    var existing = path[...]
    while true {
        if let real = realpath(existing.isEmpty ? "/" : String(existing), nil) {
            defer { free(real) }
            let missing = path[existing.endIndex...]
            let start = String(cString: real)
            return start == "/" && !missing.isEmpty ? String(missing) : start + missing
        }
        existing = existing[..<(existing.lastIndex(of: "/") ?? existing.startIndex)]
    }
}
