import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Where to create a session's worktree (hub contract §6.3), and which names to try if that one is taken.
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

    /// nil if there are no names.
    init?(_ repository: Repository, names: [String]) {
        guard let first = names.first else { return nil }
        self.init(repository: repository, name: first, others: Array(names.dropFirst()))
    }

    /// The plan with the next name; nil if there is none left.
    var next: WorktreePlan? { WorktreePlan(repository, names: others) }

    var branch: String { Self.branch(name) }
    /// `<repository>-worktrees`, beside the repository.
    var folder: String { repository.base + "-worktrees" }
    var path: String { "\(folder)/\(name)" }
    /// The session's directory: the same subdirectory, in the worktree.
    var directory: String {
        let prefix = repository.prefix
        return prefix.isEmpty ? path : "\(path)/\(prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix)"
    }

    static func branch(_ name: String) -> String { "hapi-\(name)" }

    /// Turns a hint into a name: lower case, runs of other characters replaced by one dash, none at the ends,
    /// at most 60 characters.
    static func slug(_ hint: String) -> String {
        let dashed = hint.lowercased().unicodeScalars.map { scalar in
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
        }
        let joined = String(dashed).split(separator: "-").joined(separator: "-").prefix(60)
        return String(joined.hasSuffix("-") ? joined.dropLast() : joined)
    }

    /// The names to try, in order: the hint's slug, or the date and a random number; then the same with a
    /// random suffix.
    static func names(hint: String?, day: String, random: () -> String) -> [String] {
        let wanted = slug(hint ?? "")
        let first = wanted.isEmpty ? "\(day)-\(random())" : wanted
        return [first] + (0..<4).map { _ in "\(first)-\(random())" }
    }

    /// The names for which neither the branch nor the directory exists yet.
    ///
    /// - Parameters:
    ///   - references: full names of references. `refs/heads/hapi-x/y` prevents a branch `hapi-x`.
    ///   - exists: whether the name exists in the worktrees' folder.
    static func free(_ names: [String], references: [String], exists: (String) -> Bool) -> [String] {
        names.filter { name in
            let reference = "refs/heads/\(branch(name))"
            return !references.contains { $0 == reference || $0.hasPrefix(reference + "/") } && !exists(name)
        }
    }

    /// The variables that describe the worktree to its session.
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
