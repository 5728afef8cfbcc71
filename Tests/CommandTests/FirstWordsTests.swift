import Testing

@testable import Home
@testable import HubClient
@testable import Processes
@testable import hapi

/// The interpretation of the first words of a command line.
@Suite struct FirstWordsTests {
    @Test(arguments: [
        (["status"], "hapi runner status"), (["list"], "hapi runner list"),
        (["spawn", "~/x"], "hapi runner spawn"),
        (["rnner"], "hapi runner"), (["stauts"], "hapi runner status"), (["--hlep"], "hapi --help"),
        (["--verison"], "hapi --version"), (["cluade"], "hapi claude"), (["atuh"], "hapi auth"),
        (["lits", "--json"], "hapi runner list"),
    ])
    func aWordThatIsNearlyACommandIsAskedAbout(words: [String], meant: String) {
        guard case .misuse(let misuse) = Invocation(words) else {
            Issue.record("\(Invocation(words))")
            return
        }
        #expect(misuse.suggestion == meant)
        #expect(misuse.agentWord == words[0])
    }

    @Test(arguments: [
        [], ["fix the failing test"], ["fix"], ["hello"], ["claude"], ["claude", "status"],
        ["codex", "list"],
        ["-p", "list"], ["--resume"], ["--verbose"], ["--model", "opus"], ["-c"], ["run", "rnner"],
    ])
    func everythingElseIsForTheAgent(words: [String]) {
        #expect(Invocation(words) == .session)
    }

    @Test(arguments: [
        (["ls"], ["runner", "list"]), (["stop", "fix"], ["runner", "stop-session", "fix"]),
        (["logs", "fix", "-f"], ["runner", "logs", "fix", "-f"]), (["history"], ["runner", "history"]),
        (["runner", "list"], ["runner", "list"]), (["help", "runner"], ["help", "runner"]),
        (["runner", "help"], ["help", "runner"]), (["auth", "help", "login"], ["help", "auth", "login"]),
        (["runner", "spawn", "help"], ["runner", "spawn", "help"]),
    ])
    func shortFormsStandForTheLongOnes(words: [String], command: [String]) {
        #expect(Invocation(words) == .command(command))
    }

    @Test(arguments: [
        (["runner", "stauts"], "hapi runner status"), (["runner", "xyzzy"], nil),
        (["auth", "lgoin"], "hapi auth login"), (["help", "nonsense"], nil),
        (["help", "runner", "spwan"], "hapi runner spawn"),
    ])
    func anUnknownCommandBelowAnotherIsSuggestedToo(words: [String], meant: String?) {
        guard case .misuse(let misuse) = Invocation(words) else {
            Issue.record("\(Invocation(words))")
            return
        }
        #expect(misuse.suggestion == meant && misuse.agentWord == nil)
    }

    @Test(arguments: [["hub"], ["mcp"], ["ping-peer"]])
    func aCommandThatOnlyHAPIHasIsNoWordForTheAgent(words: [String]) {
        guard case .misuse(let misuse) = Invocation(words) else {
            Issue.record("\(Invocation(words))")
            return
        }
        #expect(misuse.agentWord == words[0])
    }

    @Test func theVersionIsAskedForAnywhere() {
        #expect(Invocation(["-v"]) == .version && Invocation(["runner", "--version"]) == .version)
    }

    @Test(arguments: [
        ("status", "stauts", 1), ("list", "lst", 1), ("help", "hello", 2), ("", "abc", 3),
        ("same", "same", 0),
    ])
    func distanceCountsEditsAndSwaps(a: String, b: String, edits: Int) {
        #expect(Spelling.distance(a, b) == edits && Spelling.distance(b, a) == edits)
    }
}
