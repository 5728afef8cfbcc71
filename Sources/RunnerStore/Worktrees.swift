import Processes

/// A git worktree of a session.
package struct WorktreeRecord: Equatable, Sendable {
    package var sessionID: String
    /// The repository that the worktree belongs to: its main working tree.
    package var repository: String
    package var path: String
    package var branch: String
    package var name: String
    package var createdAt: Timestamp

    package init(
        sessionID: String, repository: String, path: String, branch: String, name: String,
        createdAt: Timestamp
    ) {
        self.sessionID = sessionID
        self.repository = repository
        self.path = path
        self.branch = branch
        self.name = name
        self.createdAt = createdAt
    }
}

extension Reading {
    /// The worktrees that have not been removed, oldest first.
    package func keptWorktrees() throws(StoreError) -> [WorktreeRecord] {
        try worktrees("WHERE removed_at IS NULL ORDER BY created_at")
    }

    /// Whether a worktree has the name or has reserved it.
    package func isWorktreeName(_ name: String, takenIn repository: String) throws(StoreError) -> Bool {
        try rows(
            "SELECT 1 AS taken FROM worktrees WHERE repository = ? AND name = ? AND removed_at IS NULL",
            [.text(repository), .text(name)]
        ) { $0.integer("taken") } == [1]
    }

    package func worktree(of session: String) throws(StoreError) -> WorktreeRecord? {
        try worktrees("WHERE removed_at IS NULL AND session_id = ?", [.text(session)]).first
    }

    private func worktrees(_ condition: String, _ values: [StoreValue] = []) throws(StoreError)
        -> [WorktreeRecord]
    {
        try rows(
            "SELECT session_id, repository, path, branch, name, created_at FROM worktrees \(condition)",
            values
        ) { row in
            guard let session = row.text("session_id"), let repository = row.text("repository"),
                let path = row.text("path"), let branch = row.text("branch"), let name = row.text("name"),
                let created = row.time("created_at")
            else { return nil }
            return WorktreeRecord(
                sessionID: session, repository: repository, path: path, branch: branch, name: name,
                createdAt: created)
        }
    }
}

extension Writing {
    /// Records a worktree before it is created.
    package func insertWorktree(_ worktree: WorktreeRecord) throws(StoreError) {
        try run(
            "INSERT INTO worktrees (session_id, repository, path, branch, name, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            [
                .text(worktree.sessionID), .text(worktree.repository), .text(worktree.path),
                .text(worktree.branch),
                .text(worktree.name), .init(worktree.createdAt),
            ])
        try recordEvent(worktree.sessionID, "worktree", detail: worktree.path, at: worktree.createdAt)
    }

    /// Renames a session's worktree that is not created yet, and sets the session's directory accordingly.
    package func moveWorktree(_ worktree: WorktreeRecord, directory: String, at now: Timestamp)
        throws(StoreError)
    {
        try run(
            "UPDATE worktrees SET path = ?, branch = ?, name = ? WHERE session_id = ?",
            [
                .text(worktree.path), .text(worktree.branch), .text(worktree.name), .text(worktree.sessionID),
            ])
        try run(
            "UPDATE sessions SET directory = ? WHERE id = ?", [.text(directory), .text(worktree.sessionID)])
        try recordEvent(worktree.sessionID, "worktree", detail: worktree.path, at: now)
    }

    package func markWorktreeRemoved(_ session: String, at now: Timestamp) throws(StoreError) {
        try run("UPDATE worktrees SET removed_at = ? WHERE session_id = ?", [.init(now), .text(session)])
        try recordEvent(session, "worktree-removed", detail: nil, at: now)
    }
}
