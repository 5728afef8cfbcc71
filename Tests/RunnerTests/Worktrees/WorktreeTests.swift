import Glibc
import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import Processes
@testable import Runner
@testable import SessionProcess

/// Creating and removing worktrees with the installed git.
@Suite final class WorktreeTests: FolderTests {
    private let everywhere: WorkspaceRoots
    private let worktrees = Worktrees(environment: WorktreeTests.environment)
    private static let environment = [
        "PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nonexistent",
    ]

    override init() throws {
        everywhere = try WorkspaceRoots([])
        try super.init()
    }

    @discardableResult
    private func git(_ arguments: String..., in directory: String) async throws -> String {
        let identity = ["-c", "user.name=x", "-c", "user.email=x@x", "-C", directory]
        let result = try await HelperProcess.run(
            "git", identity + arguments, environment: Self.environment, within: .seconds(30))
        try #require(result.status == 0, "git \(arguments): \(result.words)")
        return result.output.trimmingWhitespace
    }

    private func repository(_ name: String = "repo", commits: Bool = true) async throws -> String {
        let path = resolvedPath(try makeDirectory(name))
        try await git("init", "-q", "-b", "main", ".", in: path)
        if commits { try await git("commit", "-q", "--allow-empty", "-m", "first", in: path) }
        return path
    }

    private func plan(_ directory: String, _ hint: String? = "fix") async throws -> WorktreePlan {
        try await worktrees.plan(for: directory, hint: hint, in: everywhere)
    }

    private func made(_ directory: String, _ hint: String = "fix") async throws -> WorktreeRecord {
        let plan = try await plan(directory, hint)
        #expect(try await worktrees.create(plan, in: everywhere))
        return plan.record(for: "s", at: 1)
    }

    @Test func aTakenNameIsLeftAsItIs() async throws {
        let repository = try await repository()
        let plan = try await plan(repository)
        // Something else has taken the name meanwhile.
        try makeDirectory("repo-worktrees/fix")
        try write("work", to: "repo-worktrees/fix/file")
        #expect(try await !worktrees.create(plan, in: everywhere))
        #expect(text(of: "repo-worktrees/fix/file") == "work")
        #expect(try await git("branch", "--list", "hapi-fix", in: repository) == "")
        for branch in ["hapi-two", "hapi-three/sub"] {
            let plan = try await self.plan(repository, branch == "hapi-two" ? "two" : "three")
            try await git("branch", branch, in: repository)
            #expect(try await !worktrees.create(plan, in: everywhere))
            #expect(try await git("branch", "--list", branch, in: repository) != "")
            #expect(!isDirectory(plan.path))
        }
        #expect(try await self.plan(repository, "three").name.hasPrefix("three-"))
    }

    @Test func ofManyWhoMakeTheSameWorktreeOneSucceeds() async throws {
        let repository = try await repository()
        let plan = try await plan(repository)
        let (worktrees, everywhere) = (worktrees, everywhere)
        let made = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<6 { group.addTask { try await worktrees.create(plan, in: everywhere) } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(made == 1)
        #expect(try await git("rev-parse", "--abbrev-ref", "HEAD", in: plan.path) == "hapi-fix")
    }

    /// As another git leaves it for a moment while it adds a worktree.
    @Test func aRecordThatAnotherGitIsStillWritingIsWaitedFor() async throws {
        let repository = try await repository()
        let half = "\(repository)/.git/worktrees/half"
        try createDirectory(half, mode: 0o700)
        try replaceFile("\(half)/commondir", with: [])
        try replaceFile("\(half)/gitdir", with: Array("\(folder)/half/.git\n".utf8))
        let finishing = Task {
            try await Task.sleep(for: .milliseconds(300))
            try replaceFile("\(half)/HEAD", with: Array("ref: refs/heads/half\n".utf8))
            try replaceFile("\(half)/commondir", with: Array("../..\n".utf8))
        }
        let record = try await made(repository)
        #expect(isDirectory(record.path))
        try await finishing.value
    }

    @Test func whatFailsIsTakenBack() async throws {
        let repository = try await repository()
        try write("#!/bin/sh\necho no, says the hook >&2\nexit 3\n", to: "repo/.git/hooks/post-checkout")
        chmod("\(folder)/repo/.git/hooks/post-checkout", 0o755)
        let plan = try await plan(repository)
        let failure = await #expect(throws: Worktrees.Failure.self) {
            try await self.worktrees.create(plan, in: self.everywhere)
        }
        #expect(failure?.description.contains("no, says the hook") == true)
        #expect(!isDirectory(plan.folder))
        #expect(try await git("branch", "--list", "hapi-*", in: repository) == "")
    }

    @Test func aCheckoutThatTakesTooLongIsTakenBackToo() async throws {
        let repository = try await repository()
        try write("#!/bin/sh\nexec sleep 60\n", to: "repo/.git/hooks/post-checkout")
        chmod("\(folder)/repo/.git/hooks/post-checkout", 0o755)
        let hasty = Worktrees(environment: Self.environment, patience: .milliseconds(300))
        let plan = try await plan(repository)
        let failure = await #expect(throws: Worktrees.Failure.self) {
            try await hasty.create(plan, in: self.everywhere)
        }
        #expect(failure?.description.contains("git did not end within 0.3 seconds") == true)
        #expect(try await git("branch", "--list", "hapi-*", in: repository) == "")
    }

    @Test func aRepositoryWithoutACommitIsRefusedInWords() async throws {
        let repository = try await repository(commits: false)
        let failure = await #expect(throws: Worktrees.Failure.self) { try await self.plan(repository) }
        #expect(failure?.description.contains("has no commit on its current branch, main") == true)
        #expect(!isDirectory(repository + "-worktrees"))
    }

    @Test func aRepositorysOwnFilesAreNoPlaceToWork() async throws {
        let repository = try await repository()
        let failure = await #expect(throws: Worktrees.Failure.self) {
            try await self.plan(repository + "/.git/refs")
        }
        #expect(failure?.description.contains("a Git repository's own files") == true)
    }

    @Test(arguments: ["repo.git", "project/.bare"])
    func aBareRepositoryGetsWorktreesBesideIt(place: String) async throws {
        let source = try await repository("source")
        try makeDirectory("project")
        try await git("clone", "-q", "--bare", source, "\(folder)/\(place)", in: folder)
        var directory = "\(folder)/\(place)"
        if place.hasSuffix(".bare") {
            // The usual layout: the project's directory refers to the bare repository and contains the
            // worktrees.
            try write("gitdir: ./.bare\n", to: "project/.git")
            directory = "\(folder)/project"
        }
        let worktree = try await made(directory)
        #expect(
            worktree.path.hasSuffix(
                place.hasSuffix(".bare") ? "/project-worktrees/fix" : "/repo-worktrees/fix"))
        #expect(try await git("rev-parse", "--abbrev-ref", "HEAD", in: worktree.path) == "hapi-fix")
        #expect(await worktrees.removeIfSafe(worktree) == nil)
        #expect(!isDirectory(worktree.path))
        #expect(try await git("branch", "--list", "hapi-*", in: directory) == "")
    }

    @Test func ignoredFilesAreKeptUnlessTheyMayGo() async throws {
        let repository = try await repository()
        try write(".env\n", to: "repo/.git/info/exclude")
        let worktree = try await made(repository)
        try write("secret", to: "repo-worktrees/fix/.env")
        #expect(await worktrees.removeIfSafe(worktree) == "files that git does not show: .env")
        #expect(text(of: "repo-worktrees/fix/.env") == "secret")
        #expect(await worktrees.removeIfSafe(worktree, unseenToo: true) == nil)
        #expect(!isDirectory(worktree.path))
    }

    /// Files that the user's git settings hide count too.
    @Test func filesThatAUsersSettingsHideAreSeen() async throws {
        let repository = try await repository()
        try await git("config", "status.showUntrackedFiles", "no", in: repository)
        let worktree = try await made(repository)
        try write("new", to: "repo-worktrees/fix/new")
        #expect(await worktrees.removeIfSafe(worktree) == "uncommitted changes")
    }

    @Test func aWorktreeInWhichAProcessWorksIsKept() async throws {
        let worktree = try await made(try await repository())
        try link("way", to: worktree.path)
        let child = try child(
            ProcessLaunch(
                program: "/bin/sleep", arguments: ["sleep", "60"], environment: [], directory: "\(folder)/way"
            ))
        await settled(child)
        let reason = await worktrees.removeIfSafe(worktree)
        #expect(reason == "in use by process \(child.pid) (sleep)")
        kill(child.pid, SIGKILL)
        _ = await child.ended()
        #expect(await worktrees.removeIfSafe(worktree) == nil)
    }

    @Test func aRebaseThatIsNotAtItsEndIsKept() async throws {
        let repository = try await repository()
        let worktree = try await made(repository)
        let folder = try await git("rev-parse", "--absolute-git-dir", in: worktree.path)
        #expect(mkdir("\(folder)/rebase-merge", 0o755) == 0)
        #expect(await worktrees.removeIfSafe(worktree) == "a rebase is in progress")
    }

    @Test func aSessionKnowsTheWorktreeItStandsIn() async throws {
        let repository = try await repository()
        let made = try await made(repository)
        try makeDirectory("repo-worktrees/fix/deep/er")
        let told = WorktreePlan(repository: Repository(path: repository, prefix: ""), name: "fix")
            .environment(createdAt: 5)
        for place in [made.path, made.path + "/deep/er"] {
            let found = try #require(SessionWorktree.of(place, [:]))
            #expect(found.basePath == repository && found.branch == "hapi-fix")
            #expect(found.name == "fix" && found.worktreePath == made.path && found.createdAt == nil)
            #expect(SessionWorktree.of(place, told)?.createdAt == 5)
        }
        // What was said to a session elsewhere is none of this one's business.
        #expect(SessionWorktree.of(repository, told) == nil)
        #expect(SessionWorktree.of(folder, [:]) == nil)
    }

    @Test func ofAFolderThatIsGoneTheBranchGoesUnlessItLeadsToWork() async throws {
        let repository = try await repository()
        for name in ["idle", "ahead"] {
            let worktree = try await made(repository, name)
            if name == "ahead" {
                try await git("commit", "-q", "--allow-empty", "-m", "work", in: worktree.path)
            }
            removeTree(worktree.path)
            #expect(await worktrees.removeIfSafe(worktree) == nil)
        }
        #expect(try await git("branch", "--list", "hapi-*", in: repository) == "hapi-ahead")
    }
}
