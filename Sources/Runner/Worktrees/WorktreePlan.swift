import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Where a session's worktree is to be made (hub contract §6.3), and what it is called if that name turns
/// out to be taken.
struct WorktreePlan: Equatable, Sendable {
    let repository: Repository
    let name: String
    /// The names to try next, in order.
    let others: [String]

    init(repository: Repository, name: String, others: [String] = []) {
        self.repository = repository
        self.name = name
        self.others = others
    }

    /// nil without a name.
    init?(_ repository: Repository, names: [String]) {
        guard let first = names.first else { return nil }
        self.init(repository: repository, name: first, others: Array(names.dropFirst()))
    }

    /// The same with the next name; nil if there is none left.
    var next: WorktreePlan? { WorktreePlan(repository, names: others) }

    var branch: String { Self.branch(name) }
    /// `<repository>-worktrees`, beside the repository.
    var folder: String { repository.base + "-worktrees" }
    var path: String { "\(folder)/\(name)" }
    /// The session's directory: the same sub-directory, in the worktree.
    var directory: String {
        let prefix = repository.prefix
        return prefix.isEmpty ? path : "\(path)/\(prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix)"
    }

    static func branch(_ name: String) -> String { "hapi-\(name)" }

    /// What a hint becomes: lower case, runs of other characters one dash, none at the ends, 60 characters
    /// at most.
    static func slug(_ hint: String) -> String {
        let dashed = hint.lowercased().unicodeScalars.map { scalar in
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
        }
        let joined = String(dashed).split(separator: "-").joined(separator: "-").prefix(60)
        return String(joined.hasSuffix("-") ? joined.dropLast() : joined)
    }

    /// The names to try, in order: the hint's slug, or the day and a random number; then with a random
    /// number behind.
    static func names(hint: String?, day: String, random: () -> String) -> [String] {
        let wanted = slug(hint ?? "")
        let first = wanted.isEmpty ? "\(day)-\(random())" : wanted
        return [first] + (0..<4).map { _ in "\(first)-\(random())" }
    }

    /// The names of which neither the branch nor a directory is there yet.
    ///
    /// - Parameters:
    ///   - references: full names of references. `refs/heads/hapi-x/y` keeps `hapi-x` from being a branch.
    ///   - exists: whether something is there under the name, in the worktrees' folder.
    static func free(_ names: [String], references: [String], exists: (String) -> Bool) -> [String] {
        names.filter { name in
            let reference = "refs/heads/\(branch(name))"
            return !references.contains { $0 == reference || $0.hasPrefix(reference + "/") } && !exists(name)
        }
    }

    /// The variables by which a session knows its worktree.
    func environment(createdAt: Timestamp) -> [String: String] {
        [
            Variable.worktreeBasePath.rawValue: repository.path, Variable.worktreeBranch.rawValue: branch,
            Variable.worktreeName.rawValue: name, Variable.worktreePath.rawValue: path,
            Variable.worktreeCreatedAt.rawValue: "\(createdAt.milliseconds)",
        ]
    }

    func record(for session: String, at now: Timestamp) -> WorktreeRecord {
        WorktreeRecord(
            sessionID: session, repository: repository.path, path: path, branch: branch, name: name,
            createdAt: now)
    }
}
