import Processes
import RunnerTestSupport
import Testing

/// `hapi runner prune`: deletes only what it has shown, after confirmation.
@Suite(.serialized) struct PruneTests {
    @Test func whatWouldGoIsShownAndDeletedOnlyOnAYesWithItsLog() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let old = try await home.spawn("old", behaving: "exit-after=0")
            try await home.ending(of: old)
            let log = try #require(try await home.history(old).logPath)
            let live = try await home.spawn("live")
            try await home.inStore("UPDATE sessions SET ended_at = 1000000 WHERE name = 'old'")

            let shown = try await home.hapi("runner", "prune", "--before", "1d", "--dry-run")
            #expect(
                shown.status == 0 && shown.output.contains("Would delete 1 session record and 1 log ("),
                "\(shown)")
            #expect(shown.output.contains("exit 0") && !shown.output.contains("live"), "\(shown)")
            let unasked = try await home.hapi("runner", "prune", "--before", "1d")
            #expect(unasked.status == 1 && unasked.errors.contains("--yes"), "\(unasked)")
            #expect(try await home.list(all: true).count == 2 && home.exists(log))

            let deleted = try await home.hapi("runner", "prune", "--before", "1d", "--yes")
            #expect(deleted.status == 0 && deleted.output.contains("Deleted 1 session record"), "\(deleted)")
            #expect(try await home.list(all: true).map(\.happySessionId) == [live] && !home.exists(log))
        }
    }

    @Test(arguments: [("1m", "1min or 1mo"), ("2999-01-01", "is in the future"), ("ever", "not a time")])
    func aDateThatCouldMeanAnythingElseIsWrongUsage(date: String, words: String) async throws {
        try await TestHome.with { home in
            let finished = try await home.hapi("runner", "prune", "--before", date, "--yes")
            #expect(finished.status == 64 && finished.errors.contains(words), "\(finished)")
            #expect(finished.errors.split(separator: "\n").count == 2, "\(finished)")
        }
    }
}
