import Processes
import RunnerStore

/// A session's worktree. Its name is reserved in the store before git creates it.
extension Launcher {
    /// Creates the worktree of a session. If something that the store does not know has taken its name
    /// meanwhile, reserves the next one. Returns the plan that was carried out.
    func makeWorktree(_ plan: WorktreePlan, for session: SessionRecord) async throws -> WorktreePlan {
        var plan = plan
        let id = session.id
        let begun = ContinuousClock.now
        let progress: HelperProcess.Progress = { words in
            let seconds = (ContinuousClock.now - begun).components.seconds
            let said = words.isEmpty ? "no output from git yet" : words
            await self.note("creating the worktree for \(seconds) s: \(said)", id)
        }
        while try await !worktrees.create(plan, in: roots, progress: progress) {
            let rest = plan.next
            let claimed = try await store.write { connection throws(StoreError) -> WorktreePlan? in
                guard let rest, let next = try connection.unclaimed(rest) else { return nil }
                try connection.moveWorktree(
                    next.record(for: session.id, at: session.createdAt), directory: next.directory, at: .now)
                return next
            }
            guard let claimed else { throw Worktrees.noFreeName }
            plan = claimed
        }
        return plan
    }

    /// Publishes the progress in the spawn request. Ignored if the store does not accept it: it is only
    /// informational.
    private func note(_ progress: String, _ id: String) async {
        try? await store.write(patience: .seconds(1)) { connection throws(StoreError) in
            try connection.noteProgress(progress, ofSession: id)
        }
    }

    /// Removes the worktree of a session whose process never worked in it and is dead.
    func removeWorktree(of id: String) async {
        do {
            let worktree = try await store.read { connection throws(StoreError) in
                try connection.session(id)?.exit == nil ? nil : try connection.worktree(of: id)
            }
            guard let worktree else { return }
            // Files that git does not show there come from a hook, so they may go.
            if let reason = await worktrees.removeIfSafe(worktree, unseenToo: true) {
                return logger.warning(
                    "a worktree is left behind", metadata: ["session": "\(id)", "why": "\(reason)"])
            }
            try await store.write { connection throws(StoreError) in
                try connection.markWorktreeRemoved(id, at: .now)
            }
        } catch {
            logger.warning("a worktree is left behind", metadata: ["session": "\(id)", "error": "\(error)"])
        }
    }
}
