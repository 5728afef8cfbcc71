import Glibc
import Home
import Processes

/// Creating a worktree. Nothing that already exists is changed, whatever fails: the directory and the branch
/// are reserved by creating them, and only what was created here is removed again.
extension Worktrees {
    /// Creates the worktree and its branch. False if something that the store does not know has taken the
    /// name; then nothing was created.
    ///
    /// - Parameter progress: called from time to time with git's progress.
    func create(
        _ plan: WorktreePlan, in roots: WorkspaceRoots, progress: HelperProcess.Progress? = nil
    ) async throws(Failure) -> Bool {
        let folder = try await claim(plan, roots)
        guard let folder else { return false }
        var madeBranch = false
        do {
            madeBranch = try await makeBranch(plan)
            if madeBranch {
                _ = try await git.run(
                    ["worktree", "add", "--", plan.path, plan.branch], in: plan.repository.path,
                    within: patience, progress: progress)
                // Git creates it only if it contains tracked files.
                _ = try WorkingDirectory.create(plan.directory, in: roots)
                return true
            }
        } catch {
            await takeBack(plan, folder, madeBranch: madeBranch)
            throw Failure(description: "Failed to create worktree: \(error)")
        }
        await takeBack(plan, folder, madeBranch: false)
        return false
    }

    /// Creates the worktree's directory and returns the folder it is in; nil if the directory exists.
    private func claim(_ plan: WorktreePlan, _ roots: WorkspaceRoots) async throws(Failure) -> ClaimedFolder?
    {
        let claimed = await BlockingWork.run {
            Result { () throws(DirectoryError) -> ClaimedFolder? in
                var code: Int32 = 0
                // Retried, because a concurrent request may remove the folder while it is empty.
                for _ in 0..<3 {
                    let isNew = DirectoryState.of(plan.folder) == .missing
                    let folder = try WorkingDirectory.create(plan.folder, in: roots)
                    if mkdirat(folder.descriptor, plan.name, 0o777) == 0 {
                        return ClaimedFolder(directory: folder, isNew: isNew)
                    }
                    code = errno
                    if code == EEXIST { return nil }
                    guard code == ENOENT else { break }
                }
                throw DirectoryError(description: directoryProblem(plan.path, code))
            }
        }
        guard let claimed else { throw Failure(description: "the runner is stopping") }
        do {
            return try claimed.get()
        } catch {
            throw Failure(description: "Failed to create worktree: \(error)")
        }
    }

    /// False if the branch exists, or cannot exist because another branch has its name as first component.
    private func makeBranch(_ plan: WorktreePlan) async throws(GitError) -> Bool {
        do {
            _ = try await git.run(["branch", "--", plan.branch], in: plan.repository.path)
            return true
        } catch {
            let taken = try await git.run(
                ["for-each-ref", "--count=1", "--", "refs/heads/\(plan.branch)"], in: plan.repository.path)
            if taken.isEmpty { throw error }
            return false
        }
    }

    /// Removes what this attempt has created. In a separate task, because a cancelled one would not wait for
    /// git.
    private func takeBack(_ plan: WorktreePlan, _ folder: ClaimedFolder, madeBranch: Bool) async {
        await Task {
            let repository = plan.repository.path
            if madeBranch {
                // Git cleans up after itself unless it was killed. If this fails, the worktree is left for
                // `worktrees --prune`, which reports why.
                _ = try? await git.run(
                    ["worktree", "remove", "--force", "--force", "--", plan.path], in: repository,
                    within: patience)
                _ = try? await git.run(["branch", "-D", "--", plan.branch], in: repository)
            }
            // Fails if the directory is not empty, as it should.
            unlinkat(folder.directory.descriptor, plan.name, AT_REMOVEDIR)
            if folder.isNew { rmdir(plan.folder) }
        }.value
    }
}

/// The folder in which a worktree's directory was created.
private struct ClaimedFolder: Sendable {
    let directory: WorkingDirectory
    let isNew: Bool
}
