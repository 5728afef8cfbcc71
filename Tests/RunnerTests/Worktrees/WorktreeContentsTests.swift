import Testing

@testable import Home
@testable import Processes
@testable import Runner

@Suite struct WorktreeContentsTests {
    private func contents(_ status: [String], _ files: [String], absent: Set<String> = []) -> WorktreeContents
    {
        WorktreeContents(
            status: status.map { $0 + "\0" }.joined(), files: files.map { $0 + "\0" }.joined()
        ) { !absent.contains($0) }
    }

    @Test func whatGitShowsIsAChange() {
        #expect(!contents([], ["H a"]).hasChanges)
        for entry in [" M a", "?? new", "R  b", "UU c"] {
            let changed = contents([entry], ["H a"])
            #expect(changed.hasChanges && changed.reasonToKeep(unseenToo: true) == "uncommitted changes")
        }
    }

    @Test func whatGitDoesNotShowIsNamed() {
        let ignored = contents(["!! .env", "!! build/"], ["H a"])
        #expect(!ignored.hasChanges)
        #expect(ignored.reasonToKeep(unseenToo: false) == "files that git does not show: .env, build/")
        #expect(ignored.reasonToKeep(unseenToo: true) == nil)
        let many = contents(["!! 1", "!! 2", "!! 3", "!! 4", "!! 5"], [])
        #expect(many.reasonToKeep(unseenToo: false)?.hasSuffix(": 1, 2, 3, and 2 more") == true)
    }

    /// `git update-index --assume-unchanged` and `--skip-worktree`; a sparse checkout marks files that don't
    /// exist.
    @Test func soIsWhatGitIsToldToOverlookIfItIsThere() {
        let marked = contents([], ["h assumed", "S skipped", "S sparse", "H plain"], absent: ["sparse"])
        #expect(marked.unseen == ["assumed", "skipped"])
    }
}
