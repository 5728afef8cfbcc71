import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Where a session's worktree is to be made (hub contract §6.3).
struct WorktreePlan: Equatable, Sendable {
    let repository: String
    /// Where in the repository the session works, `sub/directory/` or empty.
    let prefix: String
    let name: String

    var branch: String { "hapi-\(name)" }
    /// `<repository>-worktrees`, beside the repository.
    var folder: String { repository + "-worktrees" }
    var path: String { "\(folder)/\(name)" }
    /// The session's directory: the same sub-directory, in the worktree.
    var directory: String {
        prefix.isEmpty ? path : "\(path)/\(prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix)"
    }

    /// What a hint becomes: lower case, runs of other characters one dash, none at the ends.
    static func slug(_ hint: String) -> String {
        let dashed = hint.lowercased().unicodeScalars.map { scalar in
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
        }
        return String(dashed).split(separator: "-").joined(separator: "-")
    }

    /// The names to try, in order: the hint's slug, or the day and a random number; then with a random
    /// number behind.
    static func names(hint: String?, day: String, random: () -> String) -> [String] {
        let wanted = String(slug(hint ?? "").prefix(60))
        let first = wanted.isEmpty ? "\(day)-\(random())" : wanted
        return [first] + (0..<4).map { _ in "\(first)-\(random())" }
    }

    /// The variables by which a session knows its worktree.
    func environment(createdAt: Timestamp) -> [String: String] {
        [
            Variable.worktreeBasePath.rawValue: repository, Variable.worktreeBranch.rawValue: branch,
            Variable.worktreeName.rawValue: name, Variable.worktreePath.rawValue: path,
            Variable.worktreeCreatedAt.rawValue: "\(createdAt.milliseconds)",
        ]
    }

    func record(for session: String, at now: Timestamp) -> WorktreeRecord {
        WorktreeRecord(
            sessionID: session, repository: repository, path: path, branch: branch, name: name, createdAt: now
        )
    }
}
