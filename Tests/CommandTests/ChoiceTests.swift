import Testing

@testable import Home
@testable import hapi

/// Options with fixed values, and the errors for other values.
@Suite struct ChoiceTests {
    static let refused: [([String], String)] = [
        (
            ["runner", "spawn", ".", "--agent", "gemini"],
            "gemini is no longer supported; choose one of: agy, claude,"
        ),
        (["runner", "spawn", ".", "--agent", "x"], "no agent is called 'x'; choose one of: agy, claude,"),
        (["runner", "list", "--agent", "Claude"], "no agent is called 'Claude'; choose one of: "),
        (
            ["runner", "history", "--state", "dead"],
            "no session is ever 'dead'; choose one of: requested, starting,"
        ),
        (
            ["runner", "start", "--directory-creation", "no"],
            "'no' is no way to treat a missing directory; choose one of: allow, ask, deny"
        ),
        (["completion", "tcsh"], "there are no completions for 'tcsh'; choose one of: bash, zsh, fish"),
    ]

    @Test(arguments: refused) func aWordOfNoSetIsRefusedInOurWords(arguments: [String], words: String) {
        do {
            _ = try RootCommand.parseAsRoot(arguments)
            Issue.record("\(arguments) was taken")
        } catch {
            let message = RootCommand.message(for: error)
            #expect(message.hasPrefix(words), "\(message)")
            #expect(RootCommand.exitCode(for: error).rawValue == ExitStatus.usage)
        }
    }

    @Test(arguments: Agent.allCases) func everyAgentIsOne(agent: Agent) throws {
        let command = try RootCommand.parseAsRoot(["runner", "spawn", ".", "--agent", agent.rawValue])
        #expect((command as? SpawnCommand)?.agent.value == agent)
    }
}
