import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// What exists at the path of a session's directory.
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

/// Whether a session may work in a directory, and whether to create it first.
enum DirectoryVerdict: Equatable {
    case use
    /// Create it; `by` names who approved.
    case create(by: String)
    case askApproval
    case refuse(String)
    /// Refuse to create it; `by` names who decided.
    case deny(by: String)

    /// - Parameters:
    ///   - approved: whether the request approves creating it; nil if it does not say.
    ///   - standing: the standing decision for the directory or one of its ancestors.
    ///   - source: where the request comes from.
    static func on(
        _ path: String, _ state: DirectoryState, approved: Bool?, standing: DirectoryDecision?,
        policy: DirectoryPolicy, source: RequestSource
    ) -> DirectoryVerdict {
        switch state {
        case .directory: return .use
        case .missing: break
        case .notDirectory: return .refuse(directoryProblem(path, ENOTDIR))
        case .danglingLink: return .refuse("cannot use \(path) as a directory: it is a broken symbolic link")
        case .unreadable(let code): return .refuse(directoryProblem(path, code))
        }
        // A standing denial is the owner's decision; a request cannot overrule it.
        if standing == .denied { return .deny(by: "standing decision") }
        if approved == true { return .create(by: source.rawValue) }
        if standing == .approved { return .create(by: "standing decision") }
        if approved == false { return .askApproval }
        switch policy {
        case .allow: return .create(by: "policy")
        case .ask: return .askApproval
        case .deny: return .deny(by: "policy")
        }
    }
}

/// Explains why a directory cannot be used or created. `code` is an errno.
func directoryProblem(_ path: String, _ code: Int32) -> String {
    let reason =
        switch code {
        case EACCES, EPERM: "permission denied"
        case ENOTDIR, EEXIST: "a file is in the way"
        case ENOSPC, EDQUOT: "the disk is full"
        case EROFS: "the file system is read-only"
        case ENAMETOOLONG: "the path is too long"
        case ELOOP: "it leads through too many links"
        case ENOENT: "it is gone"
        default: errorText(code)
        }
    return "cannot use \(path) as a directory: \(reason)"
}
