import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Makes and removes git worktrees.
package struct Worktrees: Sendable {
    private let git: Git

    package init(environment: [String: String]) { git = Git(environment) }

    /// Why there is no worktree, in words for whoever asked for the session.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Finds the repository of a directory and a name that is free there. Changes nothing.
    func plan(for directory: String, hint: String?, in roots: WorkspaceRoots) async throws(Failure)
        -> WorktreePlan
    {
        guard isDirectory(directory) else {
            throw Failure(
                description:
                    "Worktree sessions require an existing Git repository. Directory not found: \(directory)")
        }
        let (top, prefix): (String, String)
        do {
            top = try await git.run(["rev-parse", "--show-toplevel"], in: directory)
            prefix = try await git.run(["rev-parse", "--show-prefix"], in: directory)
        } catch {
            throw Failure(description: "Path is not a Git repository: \(directory) (\(error.reason))")
        }
        guard roots.admit(top + "-worktrees") != nil else {
            throw Failure(description: WorkspaceRoots.outside)
        }
        for name in WorktreePlan.names(hint: hint, day: Self.day, random: Self.fourDigits) {
            let plan = WorktreePlan(repository: top, prefix: prefix, name: name)
            if await isFree(plan) { return plan }
        }
        throw Failure(description: "Failed to create worktree after multiple attempts. Try again.")
    }

    /// Whether the directory is itself a linked worktree.
    func isLinked(_ directory: String) async -> Bool {
        guard let own = try? await git.run(["rev-parse", "--absolute-git-dir"], in: directory),
            let common = try? await git.run(
                ["rev-parse", "--path-format=absolute", "--git-common-dir"], in: directory)
        else { return false }
        return own != common
    }

    func create(_ plan: WorktreePlan, in roots: WorkspaceRoots) async throws(Failure) {
        do {
            _ = try WorkingDirectory.create(plan.folder, in: roots)
            _ = try await git.run(
                ["worktree", "add", "-b", plan.branch, "--", plan.path], in: plan.repository)
            // The sub-directory may not be under version control.
            _ = try WorkingDirectory.create(plan.directory, in: roots)
        } catch {
            throw Failure(description: "Failed to create worktree: \(error)")
        }
    }

    /// Removes a worktree if nothing would be lost by it. Returns why it is kept, or nil if it is gone.
    package func removeIfSafe(_ worktree: WorktreeRecord) async -> String? {
        do {
            guard isDirectory(worktree.path) else {
                try await prune(worktree)
                return nil
            }
            if try await isHalfMade(worktree) {
                _ = try await git.run(
                    ["worktree", "remove", "--force", "--force", "--", worktree.path],
                    in: worktree.repository)
                _ = try await git.run(["branch", "-D", "--", worktree.branch], in: worktree.repository)
                return nil
            }
            let changes = try await git.run(["status", "--porcelain", "--ignored=no"], in: worktree.path)
            if !changes.isEmpty { return "uncommitted changes" }
            let branch = try await git.run(["rev-parse", "--abbrev-ref", "HEAD"], in: worktree.path)
            let unpushed = try await git.run(
                ["rev-list", "--count", "HEAD", "--not", "--exclude=\(branch)", "--branches", "--remotes"],
                in: worktree.path)
            if unpushed != "0" { return "\(unpushed) unpushed commit\(unpushed == "1" ? "" : "s")" }
            _ = try await git.run(["worktree", "remove", "--", worktree.path], in: worktree.repository)
            if branch == worktree.branch {
                _ = try await git.run(["branch", "-D", "--", branch], in: worktree.repository)
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Whether git was killed while it made the worktree: its own lock is still on it. Nobody has worked
    /// there.
    private func isHalfMade(_ worktree: WorktreeRecord) async throws(GitError) -> Bool {
        let list = try await git.run(["worktree", "list", "--porcelain"], in: worktree.repository)
        return list.split(separator: "\n\n").contains { entry in
            let lines = entry.split(separator: "\n")
            return lines.contains("worktree \(worktree.path)") && lines.contains("locked initializing")
                && lines.contains("branch refs/heads/\(worktree.branch)")
        }
    }

    /// Has git forget a worktree whose folder is gone.
    private func prune(_ worktree: WorktreeRecord) async throws(GitError) {
        if isDirectory(worktree.repository) {
            _ = try await git.run(["worktree", "prune"], in: worktree.repository)
        }
    }

    private func isFree(_ plan: WorktreePlan) async -> Bool {
        var status = stat()
        if lstat(plan.path, &status) == 0 { return false }
        let reference = "refs/heads/\(plan.branch)"
        return (try? await git.run(["show-ref", "--verify", "--quiet", reference], in: plan.repository))
            == nil
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
