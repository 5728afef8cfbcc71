import Testing

@testable import Home
@testable import Processes
@testable import Runner

@Suite struct WorktreePlanTests {
    static let slugs: [(hint: String, slug: String)] = [
        ("fix", "fix"), ("My Feature!", "my-feature"), ("--a__b--", "a-b"), ("ÄB/../c", "b-c"),
        ("日本語", ""), ("", ""), ("...", ""), ("x.lock", "x-lock"), ("a\nb", "a-b"),
        (String(repeating: "a", count: 80), String(repeating: "a", count: 60)),
        (String(repeating: "a", count: 59) + "-b", String(repeating: "a", count: 59)),
    ]

    @Test(arguments: slugs) func aHintBecomesAName(hint: String, slug: String) {
        #expect(WorktreePlan.slug(hint) == slug)
    }

    @Test func aNameIsFollowedByOthersWithANumberBehind() {
        var numbers = (1...9).map { "000\($0)" }
        let next = { numbers.removeFirst() }
        #expect(
            WorktreePlan.names(hint: "Fix it", day: "0215", random: next)
                == ["fix-it", "fix-it-0001", "fix-it-0002", "fix-it-0003", "fix-it-0004"])
        #expect(
            WorktreePlan.names(hint: nil, day: "0215", random: next).prefix(2)
                == ["0215-0005", "0215-0005-0006"])
    }

    static let takenNames: [(references: [String], directories: [String], free: [String])] = [
        ([], [], ["x", "x-1"]),
        (["refs/heads/hapi-x"], [], ["x-1"]),
        (["refs/heads/hapi-x/y"], [], ["x-1"]),
        (["refs/heads/hapi-xy", "refs/heads/x"], [], ["x", "x-1"]),
        ([], ["x"], ["x-1"]),
        (["refs/heads/hapi-x"], ["x-1"], []),
    ]

    @Test(arguments: takenNames)
    func aNameIsFreeWhereItsBranchAndDirectoryCanBe(
        references: [String], directories: [String], free: [String]
    ) {
        let found = WorktreePlan.free(["x", "x-1"], references: references) { directories.contains($0) }
        #expect(found == free)
    }

    static let places: [(repository: String, folder: String)] = [
        ("/p/repo", "/p/repo-worktrees"), ("/p/repo.git", "/p/repo-worktrees"),
        ("/p/.bare", "/p-worktrees"), ("/p/.git", "/p-worktrees"),
    ]

    @Test(arguments: places) func worktreesLieBesideTheirRepository(repository: String, folder: String) {
        let plan = WorktreePlan(repository: Repository(path: repository, prefix: "a/b/"), name: "x")
        #expect(plan.folder == folder)
        #expect(plan.path == folder + "/x" && plan.directory == folder + "/x/a/b")
        #expect(plan.branch == "hapi-x")
    }

    @Test func thePlanGoesOnToTheNextNameUntilNoneIsLeft() throws {
        let repository = Repository(path: "/r", prefix: "")
        let plan = try #require(WorktreePlan(repository, names: ["a", "b"]))
        #expect(plan.next?.name == "b")
        #expect(plan.next?.next == nil)
        #expect(WorktreePlan(repository, names: []) == nil)
    }
}
