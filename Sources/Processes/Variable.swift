/// Every environment variable that this program reads, sets or removes. Names are spelled only here, and
/// explained in `docs/settings-and-environment.md`.
package enum Variable: String, CaseIterable, Sendable {
    // The runner's home, its hub, and this machine.
    case hapiHome = "HAPI_HOME"
    case hubURL = "HAPI_API_URL"
    case token = "CLI_API_TOKEN"
    case extraHeaders = "HAPI_EXTRA_HEADERS_JSON"
    case hostName = "HAPI_HOSTNAME"
    case trustRoots = "NODE_EXTRA_CA_CERTS"

    // Behaviour of the runner.
    case heartbeatInterval = "HAPI_RUNNER_HEARTBEAT_INTERVAL"
    case controlTimeout = "HAPI_RUNNER_HTTP_TIMEOUT"
    case reportTimeout = "HAPI_RUNNER_WEBHOOK_TIMEOUT_MS"
    case logLevel = "HAPI_LOG_LEVEL"
    case supervised = "HAPI_RUNNER_SUPERVISED"
    case renewalDisabled = "HAPI_DISABLE_VERSION_HANDOFF"
    case sessionProgram = "HAPI_CLI_EXECUTABLE"

    // Between our own processes.
    case launchID = "HAPI_RUNNER_LAUNCH_ID"
    case sessionID = "HAPI_SESSION_ID"
    case renewal = "HAPI_RUNNER_RENEWAL"
    case crashAt = "HAPI_CRASH_AT"
    case worktreeBasePath = "HAPI_WORKTREE_BASE_PATH"
    case worktreeBranch = "HAPI_WORKTREE_BRANCH"
    case worktreeName = "HAPI_WORKTREE_NAME"
    case worktreePath = "HAPI_WORKTREE_PATH"
    case worktreeCreatedAt = "HAPI_WORKTREE_CREATED_AT"

    // HAPI's own, which belong to the session they were set for.
    case mcpURL = "HAPI_HTTP_MCP_URL"
    case handoffFromPID = "HAPI_RUNNER_HANDOFF_FROM_PID"

    // The agents'.
    case claudeToken = "CLAUDE_CODE_OAUTH_TOKEN"
    case codexHome = "CODEX_HOME"
    case claudeNested = "CLAUDECODE"
    case claudeEntryPoint = "CLAUDE_CODE_ENTRYPOINT"
    case claudePort = "CLAUDE_CODE_SSE_PORT"

    // The user's and the system's.
    case home = "HOME"
    case path = "PATH"
    case shell = "SHELL"
    case workingDirectory = "PWD"
    case runtimeDirectory = "XDG_RUNTIME_DIR"
    case sessionBus = "DBUS_SESSION_BUS_ADDRESS"
    case locale = "LC_ALL"
    case noColour = "NO_COLOR"
    case terminal = "TERM"
    case swiftBacktrace = "SWIFT_BACKTRACE"
    case gitPrompt = "GIT_TERMINAL_PROMPT"
}

extension Dictionary where Key == String, Value == String {
    package subscript(_ variable: Variable) -> String? {
        get { self[variable.rawValue] }
        set { self[variable.rawValue] = newValue }
    }

    /// The value of a variable, nil if it is unset or empty.
    package func stated(_ variable: Variable) -> String? {
        self[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
}
