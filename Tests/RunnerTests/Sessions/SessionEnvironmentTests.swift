import Testing

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner

@Suite struct SessionEnvironmentTests {
    private func variables(
        _ inherited: [String: String], own: [String: String] = [:]
    ) -> [String: String] {
        let list = SessionEnvironment.variables(
            inherited: inherited, home: "/home/dev/.hapi", launchID: "launch", directory: "/work",
            own: own)
        return Dictionary(
            list.map { entry in
                let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), String(parts[1]))
            }, uniquingKeysWith: { first, _ in first })
    }

    @Test func aSessionKnowsItsHomeAndItsLaunch() {
        #expect(
            variables([:])
                == ["HAPI_HOME": "/home/dev/.hapi", "HAPI_RUNNER_LAUNCH_ID": "launch", "PWD": "/work"])
    }

    @Test func whatIsInheritedIsPassedOn() {
        let inherited = [
            "PATH": "/bin", "CLI_API_TOKEN": "t", "HAPI_API_URL": "http://hub", "EMPTY": "",
            "MULTI": "a=b\nc",
            "CLAUDE_CONFIG_DIR": "/c", "HAPI_HOSTNAME": "h",
        ]
        let passed = variables(inherited)
        for (name, value) in inherited { #expect(passed[name] == value, "\(name)") }
    }

    @Test(arguments: [
        "HAPI_SESSION_ID", "HAPI_HTTP_MCP_URL", "HAPI_RUNNER_HANDOFF_FROM_PID", "HAPI_WORKTREE_BASE_PATH",
        "HAPI_WORKTREE_BRANCH", "HAPI_WORKTREE_NAME", "HAPI_WORKTREE_PATH", "HAPI_WORKTREE_CREATED_AT",
        "HAPI_RUNNER_RENEWAL", "HAPI_CRASH_AT", "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT",
        "CLAUDE_CODE_SSE_PORT",
    ])
    func whatBelongsToAnotherSessionIsNot(name: String) {
        #expect(variables([name: "inherited"])[name] == nil)
    }

    @Test func theRunnersOwnWordsStandAboveWhatIsInherited() {
        let passed = variables(["HAPI_HOME": "relative", "HAPI_RUNNER_LAUNCH_ID": "another", "PWD": "/"])
        #expect(passed == variables([:]))
    }

    @Test func whatIsTheSessionsAloneStandsAboveAllElse() {
        let own = ["CLAUDE_CODE_OAUTH_TOKEN": "given", "HAPI_WORKTREE_NAME": "fix", "PATH": "/login"]
        let passed = variables(["CLAUDE_CODE_OAUTH_TOKEN": "inherited", "PATH": "/bin"], own: own)
        for (name, value) in own { #expect(passed[name] == value, "\(name)") }
    }

    @Test func eachNameIsThereOnceAndInOrder() {
        let list = SessionEnvironment.variables(
            inherited: ["Z": "1", "A": "2", "HAPI_HOME": "x"], home: "/h", launchID: "l", directory: "/w",
            own: ["B": "3"])
        #expect(list == ["A=2", "B=3", "HAPI_HOME=/h", "HAPI_RUNNER_LAUNCH_ID=l", "PWD=/w", "Z=1"])
    }
}
