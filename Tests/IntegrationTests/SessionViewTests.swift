import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// What list and history show of whom.
@Suite(.serialized) struct SessionViewTests {
    @Test func listAndHistoryShowWhatTheSameFiltersLeave() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let live = try await home.spawn("live/one", ["agent": "codex"])
            let failed = try await home.spawn("failed", behaving: "exit-after=3")
            let done = try await home.spawn("done", behaving: "exit-after=0")
            for id in [failed, done] { try await home.ending(of: id) }
            let cases: [([String], Set<String>)] = [
                (["--failed"], [failed]), (["--state", "ended"], [failed, done]),
                (["--state", "running"], [live]), (["--agent", "codex"], [live]),
                (["--dir", home.work + "/live"], [live]), (["--dir", home.work + "/liv"], []),
                (["--since", "1h"], [live, failed, done]), (["--agent", "claude", "--failed"], [failed]),
            ]
            for (filter, expected) in cases {
                #expect(try await shown(home, ["runner", "list", "--all"] + filter) == expected, "\(filter)")
                #expect(try await shown(home, ["history"] + filter) == expected, "\(filter)")
            }
            #expect(try await shown(home, ["ls"]) == [live])
            #expect(try await shown(home, ["ls", "--failed"]) == [failed])
        }
    }

    @Test func grepLooksIntoNamesDirectoriesEndsAndLogs() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let one = try await home.spawn("one", behaving: "exit-after=3")
            let two = try await home.spawn("two", behaving: "exit-after=0")
            for id in [one, two] { try await home.ending(of: id) }
            #expect(try await shown(home, ["history", "--grep", "work/one"]) == [one])
            #expect(try await shown(home, ["history", "--grep", "exit 3"]) == [one])
            // The stand-in prints its HAPI id.
            #expect(try await shown(home, ["history", "--grep", "session \(two)"]) == [two])
            #expect(try await shown(home, ["history", "--grep", "no such text"]).isEmpty)
        }
    }

    @Test func whatASessionLeftBehindIsInTheJSONAndInTheTable() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: "setsid-helper")
            let helper = try #require(try await home.trace(home.process(of: id).pid)?.helpers?.first)
            #expect(killVerified(try await home.process(of: id)))
            try await home.ending(of: id)
            let entry = try await eventually("the record of what is left") { () -> JSONValue? in
                let listed = try JSONValue(json: await home.hapi("runner", "list", "--all", "--json").output)
                return listed.array?.first { $0["leftBehind"]?.array?.isEmpty == false }
            }
            #expect(entry["happySessionId"]?.string == id)
            #expect(entry["leftBehind"]?.array?.first?["pid"]?.integer == Int(helper))
            #expect(try await home.hapi("ls").output.contains("\(helper)"))
            let findings = try await home.hapi("doctor")
            #expect(findings.output.contains("\(helper) outlived its session"), "\(findings)")

            let asked = try await home.hapi("doctor", "clean")
            #expect(asked.status == 1 && kill(helper, 0) == 0, "\(asked)")
            let cleaned = try await home.hapi("doctor", "clean", "--yes")
            #expect(cleaned.status == 0, "\(cleaned)")
            try await eventually("its end") { kill(helper, 0) != 0 }
            #expect(try await !home.hapi("ls").output.contains("\(helper)"))
        }
    }

    @Test func theListCanBeWatched() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            _ = try await home.spawn("webshop")
            let finished = try await home.inTerminal(
                [Paths.program, "ls", "--watch"], ["?webshop", "?MEM", "?q quits", "q"])
            #expect(finished.status == 0, "\(finished)")
        }
    }

    @Test func whatARebootEndedIsStartedAgainOnce() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("webshop")
            let process = try await home.process(of: id)
            try await home.killRunner()
            try await home.killUnseen(id)
            try await eventually("its end") { !isAlive(process) }
            try await home.inStore("UPDATE launches SET boot_id = 'the boot before'")
            try await home.inStore("UPDATE runners SET boot_id = 'the boot before'")
            try await home.startRunner()
            #expect(try await home.hapi("runner", "status").output.contains("restart --lost"))
            let restarted = try await home.hapi("runner", "restart", "--lost")
            #expect(restarted.status == 0 && restarted.output.contains("Started webshop"), "\(restarted)")
            let again = try await home.hapi("runner", "restart", "--lost")
            #expect(again.status == 0 && again.output.contains("No session was lost"), "\(again)")
            #expect(try await home.list().count == 1)
        }
    }

    /// The HAPI ids of what a command lists.
    private func shown(_ home: TestHome, _ arguments: [String]) async throws -> Set<String> {
        let child = try home.launch(arguments + ["--json"])
        #expect(try await child.ended() == 0, "\(child.errors)")
        return Set(try JSONValue(json: child.output).array?.compactMap { $0["happySessionId"]?.string } ?? [])
    }
}
