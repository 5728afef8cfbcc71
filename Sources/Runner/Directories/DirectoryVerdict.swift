import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

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
    /// To be created; `by` says on whose word.
    case create(by: String)
    case askApproval
    case refuse(String)
    /// Denied; `by` says on whose word.
    case deny(by: String)

    /// - Parameters:
    ///   - approved: what the request says of creating it; nil where it says nothing.
    ///   - standing: the decision that stands for it or for what it lies in.
    ///   - source: who asks.
    static func on(
        _ path: String, _ state: DirectoryState, approved: Bool?, standing: DirectoryDecision?,
        policy: DirectoryPolicy, source: RequestSource
    ) -> DirectoryVerdict {
        switch state {
        case .directory: return .use
        case .missing: break
        case .notDirectory: return .refuse(directoryProblem(path, ENOTDIR))
        case .danglingLink: return .refuse("cannot use \(path) as a directory: it is a link to nothing")
        case .unreadable(let code): return .refuse(directoryProblem(path, code))
        }
        // A standing no is the owner's; a request does not overrule it.
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

/// In words, why a directory cannot be used or made.
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
