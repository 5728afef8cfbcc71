import Home
import HubProtocol
import Processes

/// The git worktree of a session, for the hub: the web app shows its branch and repository.
enum SessionWorktree {
    /// From the runner's environment variables if the session runs in the worktree that they describe,
    /// otherwise from git's own files. nil in a repository's main working tree or outside a repository.
    static func of(_ directory: String, _ environment: [String: String]) -> SessionMetadata.Worktree? {
        let place = resolvedPath(directory)
        if let made = made(environment), let path = made.worktreePath,
            lies(place, in: resolvedPath(path))
        {
            return made
        }
        return linked(place)
    }

    private static func made(_ environment: [String: String]) -> SessionMetadata.Worktree? {
        func value(_ name: String) -> String? {
            environment["HAPI_WORKTREE_\(name)"].flatMap { $0.isEmpty ? nil : $0 }
        }
        guard let base = value("BASE_PATH"), let branch = value("BRANCH"), let name = value("NAME"),
            let path = value("PATH"), let created = value("CREATED_AT").flatMap(Int64.init)
        else { return nil }
        return .init(basePath: base, branch: branch, name: name, worktreePath: path, createdAt: created)
    }

    /// A linked worktree has a `.git` file that names its directory in the repository,
    /// gitrepository-layout(5).
    private static func linked(_ place: String) -> SessionMetadata.Worktree? {
        var top: String? = place
        while let candidate = top, linkOrFile("\(candidate)/.git") == nil { top = parentDirectory(candidate) }
        guard let top, case .file(let text) = linkOrFile("\(top)/.git"), text.hasPrefix("gitdir: ") else {
            return nil
        }
        let folder = resolvedPath(absolute(String(text.dropFirst(8)), in: top))
        guard let head = line("\(folder)/HEAD"), head.hasPrefix("ref: refs/heads/"),
            let common = line("\(folder)/commondir")
        else { return nil }
        let branch = String(head.dropFirst(16))
        // A repository that stores its refs elsewhere (reftable) has this placeholder in HEAD.
        guard branch != ".invalid" else { return nil }
        let repository = resolvedPath(absolute(common, in: folder))
        let base = repository.hasSuffix("/.git") ? String(repository.dropLast(5)) : repository
        let name = top.split(separator: "/").last.map(String.init) ?? top
        return .init(basePath: base, branch: branch, name: name, worktreePath: top)
    }

    private enum Entry {
        case directory
        case file(String)
    }

    private static func linkOrFile(_ path: String) -> Entry? {
        if isDirectory(path) { return .directory }
        return line(path).map(Entry.file)
    }

    private static func line(_ path: String) -> String? {
        readFile(path).map { String(decoding: $0, as: UTF8.self).trimmingWhitespace }
    }

    private static func absolute(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }
}
