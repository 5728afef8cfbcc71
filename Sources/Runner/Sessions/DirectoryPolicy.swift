import Glibc

/// What is at a path where a session shall work.
enum DirectoryState: Equatable {
    case directory, missing, notDirectory, danglingLink
    case unreadable(errno: Int32)

    static func of(_ path: String) -> DirectoryState {
        var status = stat()
        if stat(path, &status) == 0 { return status.st_mode & S_IFMT == S_IFDIR ? .directory : .notDirectory }
        let code = errno
        if code == ENOTDIR { return .notDirectory }
        guard code == ENOENT else { return .unreadable(errno: code) }
        return lstat(path, &status) == 0 ? .danglingLink : .missing
    }
}

/// Whether a session may work in a directory, and whether that is to be made first.
enum DirectoryVerdict: Equatable {
    case use
    case create
    case askApproval
    case refuse(String)

    /// - Parameter approved: what the request says of creating it; nil where it says nothing, which
    ///   is a yes, as HAPI has it.
    static func on(_ path: String, _ state: DirectoryState, approved: Bool?) -> DirectoryVerdict {
        switch state {
        case .directory: .use
        case .missing: approved == false ? .askApproval : .create
        case .notDirectory: .refuse("cannot use \(path) as a directory: a file is in the way")
        case .danglingLink: .refuse("cannot use \(path) as a directory: it is a link to nothing")
        case .unreadable(let code): .refuse("cannot use \(path) as a directory: \(errorText(code))")
        }
    }
}
