import Home
import Processes

/// The repository of a session's worktree.
struct Repository: Equatable, Sendable {
    /// Where git runs: the root of the working tree, or the bare repository itself.
    let path: String
    /// The session's place in the working tree, `sub/directory/` or empty.
    let prefix: String

    /// The path beside which worktrees are created: `/p` for `/p/.bare`, `/p/repo` for `/p/repo.git`.
    var base: String {
        let name = path.split(separator: "/").last ?? ""
        if name == ".bare" || name == ".git" { return parentDirectory(path) ?? path }
        return name.hasSuffix(".git") ? String(path.dropLast(4)) : path
    }

    /// Finds the repository of an existing directory. It must have a commit, which the worktree starts from.
    static func of(_ directory: String, _ git: Git) async throws(Worktrees.Failure) -> Repository {
        let facts: [Substring]
        do {
            let question = ["--is-inside-work-tree", "--is-bare-repository", "--absolute-git-dir"]
            facts = try await git.run(["rev-parse"] + question, in: directory)
                .split(separator: "\n", maxSplits: 2)
        } catch {
            throw .init(description: "Path is not a Git repository: \(directory) (\(error.reason))")
        }
        let repository: Repository
        if facts.first == "true" {
            do {
                repository = Repository(
                    path: try await git.run(["rev-parse", "--show-toplevel"], in: directory),
                    prefix: try await git.run(["rev-parse", "--show-prefix"], in: directory))
            } catch {
                throw .init(description: "\(error)")
            }
        } else if facts.count == 3, facts[1] == "true" {
            repository = Repository(path: String(facts[2]), prefix: "")
        } else {
            throw .init(
                description: "\(directory) lies among a Git repository's own files: "
                    + "choose the directory where its work is checked out")
        }
        try await repository.requireCommit(git)
        return repository
    }

    private func requireCommit(_ git: Git) async throws(Worktrees.Failure) {
        do {
            _ = try await git.run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], in: path)
        } catch {
            // nil if HEAD is detached.
            let branch = try? await git.run(["symbolic-ref", "--short", "HEAD"], in: path)
            let place = branch.map { " on its current branch, \($0)" } ?? ""
            throw .init(
                description: "The Git repository \(path) has no commit\(place), and a worktree starts from "
                    + "one. Make a first commit, or have the session work in the directory itself.")
        }
    }
}
