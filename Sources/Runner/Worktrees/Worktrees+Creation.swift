import Glibc
import Home
import Processes

/// Making a worktree. What was there before is never touched, whatever fails: the directory is claimed by
/// making it, the branch by creating it, and only what was made here is taken back.
extension Worktrees {
    /// Makes the worktree and its branch. False if the name is taken by now, by somebody whom the store
    /// does not know of: nothing was made then.
    ///
    /// - Parameter progress: told now and then how far git is.
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
                // The sub-directory may not be under version control.
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

    /// The folder of all worktrees, in which a directory of the plan's name was made; nil if there was one.
    private func claim(_ plan: WorktreePlan, _ roots: WorkspaceRoots) async throws(Failure) -> ClaimedFolder?
    {
        let claimed = await BlockingWork.run {
            Result { () throws(DirectoryError) -> ClaimedFolder? in
                var code: Int32 = 0
                // Whoever found the folder empty may have removed it meanwhile.
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

    /// False if the branch is there by now, or cannot be because another one has its name as its first part.
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

    /// Removes what this attempt has made. In a task of its own: a cancelled one would not wait.
    private func takeBack(_ plan: WorktreePlan, _ folder: ClaimedFolder, madeBranch: Bool) async {
        await Task {
            let repository = plan.repository.path
            if madeBranch {
                // Git takes back by itself what it has half made, unless it was killed. What fails here is
                // left for `worktrees --prune`, which says why.
                _ = try? await git.run(
                    ["worktree", "remove", "--force", "--force", "--", plan.path], in: repository,
                    within: patience)
                _ = try? await git.run(["branch", "-D", "--", plan.branch], in: repository)
            }
            // Empty, or not ours any more.
            unlinkat(folder.directory.descriptor, plan.name, AT_REMOVEDIR)
            if folder.isNew { rmdir(plan.folder) }
        }.value
    }
}

/// The folder in which a worktree's directory was claimed.
private struct ClaimedFolder: Sendable {
    let directory: WorkingDirectory
    let isNew: Bool
}
