import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Plans, creates and removes git worktrees.
package struct Worktrees: Sendable {
    let git: Git
    /// How long git may take to write or remove a working tree.
    let patience: Duration

    package init(environment: [String: String], patience: Duration = .seconds(600)) {
        git = Git(environment)
        self.patience = patience
    }

    /// Why there is no worktree, for whoever requested the session.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Finds the repository of a directory and names that are free in it. Changes nothing.
    func plan(for directory: String, hint: String?, in roots: WorkspaceRoots) async throws(Failure)
        -> WorktreePlan
    {
        guard isDirectory(directory) else {
            throw Failure(
                description:
                    "Worktree sessions require an existing Git repository. Directory not found: \(directory)")
        }
        let repository = try await Repository.of(directory, git)
        let names = WorktreePlan.names(hint: hint, day: Self.day, random: Self.fourDigits)
        guard let wanted = WorktreePlan(repository, names: names), roots.admit(wanted.folder) != nil else {
            throw Failure(description: WorkspaceRoots.outside)
        }
        let references = try await references(of: names, in: repository)
        let free = WorktreePlan.free(names, references: references) { name in
            var status = stat()
            return lstat("\(wanted.folder)/\(name)", &status) == 0
        }
        guard let plan = WorktreePlan(repository, names: free) else { throw Self.noFreeName }
        return plan
    }

    static let noFreeName = Failure(
        description: "Failed to create worktree after multiple attempts. Try again.")

    /// The branches that have one of the names, or one of them as their first component.
    private func references(of names: [String], in repository: Repository) async throws(Failure) -> [String] {
        let wanted = names.map { "refs/heads/\(WorktreePlan.branch($0))" }
        do {
            return try await git.run(
                ["for-each-ref", "--format=%(refname)", "--"] + wanted, in: repository.path
            ).split(separator: "\n").map(String.init)
        } catch {
            throw Failure(description: "Failed to create worktree: \(error)")
        }
    }

    /// Whether the directory is itself a linked worktree.
    func isLinked(_ directory: String) async -> Bool {
        guard let own = try? await git.run(["rev-parse", "--absolute-git-dir"], in: directory),
            let common = try? await git.run(
                ["rev-parse", "--path-format=absolute", "--git-common-dir"], in: directory)
        else { return false }
        return own != common
    }

    /// `MMDD`, local time.
    private static var day: String {
        var seconds = time(nil)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return [parts.tm_mon + 1, parts.tm_mday].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined()
    }

    private static func fourDigits() -> String {
        let hex = String(UInt16.random(in: 0...UInt16.max), radix: 16)
        return String(repeating: "0", count: 4 - hex.count) + hex
    }
}
