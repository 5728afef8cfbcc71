import Glibc
import Home
import Processes
import RunnerStore

/// Removing a worktree that is no longer needed.
extension Worktrees {
    /// Removes a worktree if no process works in it and nothing would be lost. Returns why it was kept, or
    /// nil if it was removed.
    ///
    /// - Parameter unseenToo: whether to remove files that git does not show, such as ignored ones.
    package func removeIfSafe(_ worktree: WorktreeRecord, unseenToo: Bool = false) async -> String? {
        do {
            guard isDirectory(worktree.path) else {
                try await forget(worktree)
                return nil
            }
            if let user = await BlockingWork.run({ ProcessTable.workingBelow(worktree.path) }) ?? nil {
                return "in use by process \(user.pid) (\(user.name))"
            }
            if try await isHalfMade(worktree) {
                _ = try await git.run(
                    ["worktree", "remove", "--force", "--force", "--", worktree.path],
                    in: worktree.repository, within: patience)
                _ = try await git.run(["branch", "-D", "--", worktree.branch], in: worktree.repository)
                return nil
            }
            return try await removeWhole(worktree, unseenToo)
        } catch {
            return "\(error)"
        }
    }

    private func removeWhole(_ worktree: WorktreeRecord, _ unseenToo: Bool) async throws(GitError) -> String?
    {
        if let reason = try await contents(of: worktree).reasonToKeep(unseenToo: unseenToo) { return reason }
        if let reason = try await workInProgress(in: worktree) { return reason }
        let branch = try await git.run(["rev-parse", "--abbrev-ref", "HEAD"], in: worktree.path)
        let unpushed = try await commits(only: "HEAD", on: branch, in: worktree.path)
        if unpushed != 0 { return "\(unpushed) unpushed commit\(unpushed == 1 ? "" : "s")" }
        _ = try await git.run(
            ["worktree", "remove", "--", worktree.path], in: worktree.repository, within: patience)
        if isSamePath(branch, worktree.branch) {
            _ = try await git.run(["branch", "-D", "--", branch], in: worktree.repository)
        }
        return nil
    }

    /// With explicit flags, so that the user's settings hide nothing.
    private func contents(of worktree: WorktreeRecord) async throws(GitError) -> WorktreeContents {
        let status = try await git.run(
            [
                "status", "--porcelain", "-z", "--untracked-files=normal", "--ignored",
                "--ignore-submodules=none",
            ],
            in: worktree.path, within: patience)
        let files = try await git.run(["ls-files", "-v", "-z"], in: worktree.path, within: patience)
        return WorktreeContents(status: status, files: files) { name in
            var status = stat()
            return lstat("\(worktree.path)/\(name)", &status) == 0
        }
    }

    /// An unfinished rebase, merge or the like, whose state would be lost with the worktree.
    private func workInProgress(in worktree: WorktreeRecord) async throws(GitError) -> String? {
        let folder = try await git.run(["rev-parse", "--absolute-git-dir"], in: worktree.path)
        let marks = [
            "rebase-merge": "rebase", "rebase-apply": "rebase", "MERGE_HEAD": "merge",
            "CHERRY_PICK_HEAD": "cherry-pick", "REVERT_HEAD": "revert", "BISECT_LOG": "bisection",
        ]
        let begun = marks.first { access("\(folder)/\($0.key)", F_OK) == 0 }
        return begun.map { "a \($0.value) is in progress" }
    }

    /// The number of commits reachable only from `tip`, not counting the branch itself.
    private func commits(only tip: String, on branch: String, in directory: String) async throws(GitError)
        -> Int
    {
        let count = try await git.run(
            ["rev-list", "--count", tip, "--not", "--exclude=\(branch)", "--branches", "--remotes"],
            in: directory)
        return Int(count) ?? -1
    }

    /// Whether git was killed while it created the worktree: its lock is still there. Nobody has worked in
    /// such a worktree.
    private func isHalfMade(_ worktree: WorktreeRecord) async throws(GitError) -> Bool {
        let path = resolvedPath(worktree.path)
        let list = try await git.run(["worktree", "list", "--porcelain"], in: worktree.repository)
        return list.split(separator: "\n\n").contains { entry in
            let lines = entry.split(separator: "\n")
            return lines.contains("worktree \(path)") && lines.contains("locked initializing")
                && lines.contains("branch refs/heads/\(worktree.branch)")
        }
    }

    /// Makes git forget a worktree whose folder is gone, and deletes its branch if no commit would be lost.
    private func forget(_ worktree: WorktreeRecord) async throws(GitError) {
        guard isDirectory(worktree.repository) else { return }
        _ = try await git.run(["worktree", "prune"], in: worktree.repository)
        let reference = "refs/heads/\(worktree.branch)"
        let branch = try await git.run(
            ["for-each-ref", "--format=%(refname)", "--", reference], in: worktree.repository)
        guard isSamePath(branch, reference),
            try await commits(only: reference, on: worktree.branch, in: worktree.repository) == 0
        else { return }
        _ = try await git.run(["branch", "-D", "--", worktree.branch], in: worktree.repository)
    }
}

extension ProcessTable {
    /// A process whose working directory is the given directory or below it.
    static func workingBelow(_ directory: String) -> (pid: Int32, name: String)? {
        let place = resolvedPath(directory)
        for pid in processIDs() {
            guard let working = linkTarget("/proc/\(pid)/cwd"), lies(working, in: place) else {
                continue
            }
            return (pid, name(of: pid) ?? "?")
        }
        return nil
    }
}
