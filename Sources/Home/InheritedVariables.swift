import Processes

/// Decides which of the runner's environment variables its child processes inherit.
package enum InheritedVariables {
    /// For sessions, git, and git's hooks: everything except what belongs to the session, the repository or
    /// the service that the runner was started from.
    package static func passed(on environment: [String: String]) -> [String: String] {
        environment.filter { !isLeftOut($0.key) }
    }

    static func isLeftOut(_ name: String) -> Bool {
        if let variable = Variable(rawValue: name), sessionsOwn.contains(variable) { return true }
        return repositorysOwn.contains(name) || servicesOwn.contains(name)
            || families.contains { name.hasPrefix($0) }
    }

    /// Variables of a session. With the last three, a nested Claude Code would refuse to start, or consider
    /// itself a part of another one.
    private static let sessionsOwn: Set<Variable> = [
        .launchID, .sessionID, .renewal, .crashAt, .mcpURL, .handoffFromPID, .supervised,
        .worktreeBasePath, .worktreeBranch, .worktreeName, .worktreePath, .worktreeCreatedAt,
        .claudeNested, .claudeEntryPoint, .claudePort,
    ]

    /// Variables that git sets for its hooks, which name a repository or a commit: those of `git rev-parse
    /// --local-env-vars`, except for `GIT_CONFIG_COUNT`, with which users configure git, and the dates of the
    /// commit that a hook belongs to.
    private static let repositorysOwn: Set<String> = [
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE", "GIT_COMMON_DIR",
        "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
    ]

    /// Variables that a service manager sets for the service only, systemd.exec(5): a process that used them
    /// would act for the runner.
    private static let servicesOwn: Set<String> = [
        "CREDENTIALS_DIRECTORY", "INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_FDNAMES", "LISTEN_FDS",
        "LISTEN_PID", "LISTEN_PIDFDID", "MAINPID", "MANAGERPID", "MEMORY_PRESSURE_WATCH",
        "MEMORY_PRESSURE_WRITE", "NOTIFY_SOCKET", "SYSTEMD_EXEC_PID", "WATCHDOG_PID", "WATCHDOG_USEC",
    ]

    /// Prefixes of variables. Codex marks its sandbox with `CODEX_SANDBOX…`.
    private static let families = ["CODEX_SANDBOX", "HAPI_WORKTREE_"]
}
