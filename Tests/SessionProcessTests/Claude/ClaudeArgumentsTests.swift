import HubProtocol
import Testing

@testable import SessionProcess

/// What Claude Code is started with in a terminal.
@Suite struct ClaudeArgumentsTests {
    @Test(arguments: [
        ([], true), (["fix it"], true), (["--model", "opus"], true), (["--resume", "x"], true),
        (["mcp", "list"], false), (["--version"], false), (["-p", "hello"], false),
        (["--model", "opus", "--print"], false), (["--", "-p"], true),
    ]) func someArgumentsBeginNoConversation(_ given: [String], _ converses: Bool) {
        #expect(ClaudeArguments.converses(given) == converses)
    }

    @Test(
        arguments: [
            ([], []), (["fix the bug"], []), (["--model", "opus", "fix it"], ["--model", "opus"]),
            (["--verbose", "fix it", "--model=opus"], ["--verbose", "--model=opus"]),
            (["--allowedTools", "Read", "Bash(ls)", "--continue"], ["--allowedTools", "Read", "Bash(ls)"]),
            (["--resume", "old", "--fork-session", "go"], []),
            (["-c", "--add-dir", "/a", "/b"], ["--add-dir", "/a", "/b"]),
            (["--session-id", "u", "--", "a prompt"], []),
            (["--permission-mode", "plan", "--ide"], ["--ide"]),
        ] as [([String], [String])]) func goingOnLeavesOutThePromptAndTheOldConversation(
            _ given: [String], _ kept: [String]
        )
    {
        var opening = AgentOpening(directory: "/work", nativeID: "n1")
        opening.mode = "acceptEdits"
        let end = ["--permission-mode", "acceptEdits", "--resume", "n1"]
        #expect(ClaudeArguments.again(given, opening) == kept + end)
        opening.mode = "bypassPermissions"
        opening.nativeID = nil
        #expect(!ClaudeArguments.again(given, opening).contains("--resume"))
    }

    @Test func theHookStandsBesideWhatTheUserHasSet() throws {
        let own = #"{"model":"opus","hooks":{"SessionStart":[{"hooks":[]}],"Stop":[]}}"#
        let words = ClaudeArguments.hooked(["--settings", own, "go"], "/tmp/it's")
        #expect(words.first == "--settings" && words.suffix(1) == ["go"] && words.count == 3)
        let settings = try JSONValue(parsing: Array(words[1].utf8))
        #expect(settings["model"]?.string == "opus" && settings["hooks"]?["Stop"] == [])
        let starts = settings["hooks"]?["SessionStart"]?.array ?? []
        #expect(starts.count == 2)
        let command = starts.last?["hooks"]?.array?.first?["command"]?.string
        #expect(command == #"umask 077; { cat; echo; } >> '/tmp/it'\''s'"#)
        #expect(ClaudeArguments.hooked(["--settings", "/no/such"], "/h") == ["--settings", "/no/such"])
    }
}
