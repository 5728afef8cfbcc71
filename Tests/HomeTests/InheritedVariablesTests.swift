import Testing

@testable import Home
@testable import Processes

@Suite struct InheritedVariablesTests {
    @Test(arguments: [
        "HAPI_SESSION_ID", "HAPI_RUNNER_LAUNCH_ID", "HAPI_HTTP_MCP_URL", "HAPI_RUNNER_HANDOFF_FROM_PID",
        "HAPI_RUNNER_RENEWAL", "HAPI_RUNNER_SUPERVISED", "HAPI_CRASH_AT", "HAPI_WORKTREE_BASE_PATH",
        "HAPI_WORKTREE_SOMETHING_NEW", "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT",
        "CODEX_SANDBOX", "CODEX_SANDBOX_NETWORK_DISABLED", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID",
        "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC", "INVOCATION_ID", "JOURNAL_STREAM", "GIT_DIR",
        "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
        "GIT_NAMESPACE", "GIT_AUTHOR_DATE",
    ])
    func whatNamesAnotherSessionServiceOrRepositoryIsLeftOut(name: String) {
        #expect(InheritedVariables.passed(on: [name: "x", "KEPT": "y"]) == ["KEPT": "y"])
    }

    @Test(arguments: [
        "PATH", "HOME", "CLI_API_TOKEN", "HAPI_API_URL", "HAPI_HOSTNAME", "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_SYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0", "GIT_SSH_COMMAND",
        "GIT_ASKPASS", "GIT_AUTHOR_NAME", "GIT_EDITOR", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "LISTEN_ADDRESS",
        "LISTEN_PORT", "WATCHDOG", "XDG_RUNTIME_DIR", "http_proxy",
    ])
    func whatTheUserSetIsPassedOn(name: String) {
        #expect(InheritedVariables.passed(on: [name: "x"]) == [name: "x"])
    }

    /// Except for GIT_CONFIG_COUNT, with which users configure git.
    @Test func allThatGitCallsLocalToARepositoryIsLeftOut() async throws {
        let answer = try await HelperProcess.run(
            "git", ["rev-parse", "--local-env-vars"], environment: ["PATH": "/usr/bin:/bin"],
            within: .seconds(20))
        let names = answer.output.split(separator: "\n").map(String.init)
        try #require(names.contains("GIT_DIR"))
        #expect(names.filter { !InheritedVariables.isLeftOut($0) } == ["GIT_CONFIG_COUNT"])
    }
}
