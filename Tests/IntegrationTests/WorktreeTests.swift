import Glibc
import HubProtocol
import Processes
import Runner
import RunnerTestSupport
import Testing

/// Sessions in git worktrees.
@Suite(.serialized) struct WorktreeTests {
    private func withRepository(
        _ hub: TestHub? = nil, _ body: (TestHome, _ repository: String) async throws -> Void
    ) async throws {
        try await TestHome.with(hub) { home in
            let repository = try home.makeDirectory("work/repo")
            _ = try home.makeDirectory("work/repo/sub")
            try await git(home, "init", "-q", "-b", "main", repository)
            try await git(
                home, "-C", repository, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q",
                "--allow-empty",
                "-m", "first")
            try await home.startRunner()
            try await body(home, repository)
        }
    }

    @discardableResult
    private func git(_ home: TestHome, _ arguments: String...) async throws -> String {
        let child = try home.start(["/usr/bin/env", "git"] + arguments)
        try #require(await child.ended(within: .seconds(20)) == 0, "\(child.errors)")
        return child.output
    }

    private func spawn(_ home: TestHome, _ directory: String, _ name: String?) async throws
        -> ControlPort.Answer
    {
        var body: [String: JSONValue] = ["directory": .string(directory), "sessionType": "worktree"]
        body["worktreeName"] = name.map(JSONValue.string)
        return try await home.control().post("spawn-session", .object(body))
    }

    @Test func theSessionWorksInTheSameSubdirectoryOfItsWorktree() async throws {
        try await withRepository { home, repository in
            let answer = try await spawn(home, repository + "/sub", "My Feature!")
            let id = try #require(answer.body["sessionId"]?.string, "\(answer)")
            let session = try await home.session(id)
            let path = repository + "-worktrees/my-feature"
            #expect(session.directory == path + "/sub")
            let trace = try #require(try home.trace(session.pid ?? 0))
            #expect(trace.cwd == path + "/sub")
            #expect(trace.env["HAPI_WORKTREE_BASE_PATH"] == repository)
            #expect(trace.env["HAPI_WORKTREE_BRANCH"] == "hapi-my-feature")
            #expect(trace.env["HAPI_WORKTREE_NAME"] == "my-feature")
            #expect(trace.env["HAPI_WORKTREE_PATH"] == path)
            #expect(trace.env["HAPI_WORKTREE_CREATED_AT"].flatMap { Int64($0) } != nil)
            // A taken name gets a number appended.
            let second = try await spawn(home, repository, "My Feature!")
            let other = try await home.session(try #require(second.body["sessionId"]?.string))
            #expect(other.directory.hasPrefix(path + "-"))
        }
    }

    /// The second request gets the next name and doesn't touch the first one's worktree.
    @Test func requestsForOneNameAtOnceGetAWorktreeEach() async throws {
        try await withRepository { home, repository in
            let names = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let answer = try await spawn(home, repository, "fix")
                        let id = try #require(answer.body["sessionId"]?.string, "\(answer)")
                        return try await home.session(id).directory
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(names.count == 4 && names.contains(repository + "-worktrees/fix"), "\(names)")
            for name in names { #expect(home.exists(name + "/.git")) }
        }
    }

    @Test func whatIsNoRepositoryIsRefused() async throws {
        try await withRepository { home, repository in
            let plain = try await spawn(home, home.work, nil)
            #expect(
                plain.body["error"]?.string?.hasPrefix("Path is not a Git repository") == true, "\(plain)")
            let missing = try await spawn(home, repository + "/none", nil)
            #expect(
                missing.body["error"]?.string?.hasPrefix(
                    "Worktree sessions require an existing Git repository")
                    == true)
        }
    }

    @Test func theWorktreeOfAFailedSpawnIsRemovedWithItsBranch() async throws {
        try await withRepository { home, repository in
            try home.write("work/repo/.standin", "exit=3")
            try await git(home, "-C", repository, "add", ".standin")
            try await git(
                home, "-C", repository, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m",
                "second")
            let answer = try await spawn(home, repository, "doomed")
            #expect(
                answer.status == 500 && answer.body["error"]?.string?.contains("boom") == true, "\(answer)")
            #expect(!home.exists(repository + "-worktrees/doomed"))
            #expect(try await git(home, "-C", repository, "branch", "--list", "hapi-doomed") == "")
        }
    }

    @Test func aStandingNoHoldsForWorktreesToo() async throws {
        try await withRepository { home, repository in
            #expect(try await home.hapi("runner", "deny", home.work).status == 0)
            let answer = try await spawn(home, repository, "unwanted")
            #expect(
                answer.body["error"]?.string?.contains("denied (standing decision)") == true, "\(answer)")
            #expect(!home.exists(repository + "-worktrees"))
        }
    }

    /// As after a power cut: git's own lock prevents a normal removal.
    @Test func aWorktreeThatGitDidNotFinishIsRemoved() async throws {
        try await withRepository { home, repository in
            try home.write("work/repo/.gitattributes", "* filter=slow\n")
            try home.write("work/repo/file", "x")
            try await git(home, "-C", repository, "add", ".")
            try await git(
                home, "-C", repository, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m",
                "slow")
            try await git(
                home, "-C", repository, "config", "filter.slow.smudge", "touch \(home.root)/slow; sleep 60")
            let spawning = Task { try? await spawn(home, repository, "half") }
            try await eventually("the checkout") { home.exists(home.root + "/slow") }
            try await home.killRunner()
            for process in ProcessTable.all()
            where ProcessTable.environmentValue("HAPI_HOME", of: process.identity.pid) == home.root + "/home"
            {
                _ = killVerified(process.identity)
            }
            _ = await spawning.value
            #expect(try await git(home, "-C", repository, "worktree", "list").contains("half"))
            try await home.startRunner()
            let pruned = try await home.hapi("runner", "worktrees", "--prune")
            #expect(pruned.output.contains("removed  \(repository)-worktrees/half"), "\(pruned)")
            #expect(try await git(home, "-C", repository, "branch", "--list", "hapi-half") == "")
        }
    }

    @Test func theHubIsAnsweredInTimeWhileGitIsStillAtWork() async throws {
        try await TestHub.with { hub in
            try await withRepository(hub) { home, repository in
                let hook = "work/repo/.git/hooks/post-checkout"
                try home.write(hook, "#!/bin/sh\nsleep 31\n", mode: 0o755)
                let answer = try await hub.call(
                    "spawn-happy-session",
                    ["directory": .string(repository), "sessionType": "worktree"], of: home)
                #expect(answer["type"] == "error", "\(answer)")
                #expect(answer["errorMessage"]?.string?.contains("it is still starting") == true, "\(answer)")
                let past = try await home.hapi("runner", "history", "--json")
                #expect(past.output.contains("\"progress\" : \"creating the worktree for"), "\(past)")
                try await eventually("the session", within: .seconds(30)) {
                    try await home.list().first?.state == "running"
                }
            }
        }
    }

    @Test func pruningSparesASessionThatCameByALinkAndFilesThatAreIgnored() async throws {
        try await withRepository { home, repository in
            try home.write("work/repo/.git/info/exclude", ".env\n")
            var ids: [String] = []
            for name in ["visited", "secretive"] {
                ids.append(try #require(try await spawn(home, repository, name).body["sessionId"]?.string))
            }
            for id in ids { _ = try await home.control().post("stop-session", ["sessionId": .string(id)]) }
            #expect(symlink(repository + "-worktrees/visited", home.root + "/way") == 0)
            let visitor = try await home.control().post(
                "spawn-session", ["directory": .string(home.root + "/way")])
            #expect(visitor.status == 200, "\(visitor)")
            try home.write("work/repo-worktrees/secretive/.env", "x")
            let pruned = try await home.hapi("runner", "worktrees", "--prune")
            #expect(pruned.output.contains("visited: its session is running"), "\(pruned)")
            #expect(pruned.output.contains("secretive: files that git does not show: .env"), "\(pruned)")
            let forced = try await home.hapi("runner", "worktrees", "--prune", "--ignored-too")
            #expect(forced.output.contains("removed  \(repository)-worktrees/secretive"), "\(forced)")
            #expect(home.exists(repository + "-worktrees/visited"))
        }
    }

    @Test func pruningKeepsWhatWouldBeLost() async throws {
        try await withRepository { home, repository in
            var ids: [String: String] = [:]
            for name in ["clean", "dirty", "ahead", "busy"] {
                ids[name] = try #require(try await spawn(home, repository, name).body["sessionId"]?.string)
            }
            try home.write("work/repo-worktrees/dirty/file", "x")
            try await git(
                home, "-C", repository + "-worktrees/ahead", "-c", "user.name=x", "-c", "user.email=x@x",
                "commit", "-q",
                "--allow-empty", "-m", "work")
            for name in ["clean", "dirty", "ahead"] {
                _ = try await home.control().post("stop-session", ["sessionId": .string(ids[name] ?? "")])
            }
            let pruned = try await home.hapi("runner", "worktrees", "--prune")
            #expect(pruned.output.contains("removed  \(repository)-worktrees/clean\n"), "\(pruned)")
            #expect(pruned.output.contains("dirty: uncommitted changes"))
            #expect(pruned.output.contains("ahead: 1 unpushed commit"))
            #expect(pruned.output.contains("busy: its session is running"))
            #expect(
                !home.exists(repository + "-worktrees/clean") && home.exists(repository + "-worktrees/dirty"))
        }
    }
}
