import Processes

/// What a process started by the runner gets of the runner's own environment. The one place that decides it.
package enum InheritedVariables {
    /// For sessions, for git, and for the hooks that git runs: everything but what belongs to the session, the
    /// repository or the service that the runner was itself started from.
    package static func passed(on environment: [String: String]) -> [String: String] {
        environment.filter { !isLeftOut($0.key) }
    }

    static func isLeftOut(_ name: String) -> Bool {
        if let variable = Variable(rawValue: name), sessionsOwn.contains(variable) { return true }
        return repositorysOwn.contains(name) || servicesOwn.contains(name)
            || families.contains { name.hasPrefix($0) }
    }

    /// What belongs to one session. The last three make a nested Claude Code refuse to start, or take itself
    /// for a part of another.
    private static let sessionsOwn: Set<Variable> = [
        .launchID, .sessionID, .renewal, .crashAt, .mcpURL, .handoffFromPID, .supervised,
        .worktreeBasePath, .worktreeBranch, .worktreeName, .worktreePath, .worktreeCreatedAt,
        .claudeNested, .claudeEntryPoint, .claudePort,
    ]

    /// What git sets for its hooks: it names the repository, or the commit, that git was at. From
    /// `git rev-parse --local-env-vars`, less `GIT_CONFIG_COUNT`, with which people configure their git, and
    /// with the dates of the commit that a hook belongs to.
    private static let repositorysOwn: Set<String> = [
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE", "GIT_COMMON_DIR",
        "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_QUARANTINE_PATH", "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
    ]

    /// What a service manager tells the service alone, systemd.exec(5): who else answers it speaks for the
    /// runner.
    private static let servicesOwn: Set<String> = [
        "CREDENTIALS_DIRECTORY", "INVOCATION_ID", "JOURNAL_STREAM", "LISTEN_FDNAMES", "LISTEN_FDS",
        "LISTEN_PID", "LISTEN_PIDFDID", "MAINPID", "MANAGERPID", "MEMORY_PRESSURE_WATCH",
        "MEMORY_PRESSURE_WRITE", "NOTIFY_SOCKET", "SYSTEMD_EXEC_PID", "WATCHDOG_PID", "WATCHDOG_USEC",
    ]

    /// Families of variables, by how their names begin. Codex tells its own sandbox in `CODEX_SANDBOX…`.
    private static let families = ["CODEX_SANDBOX", "HAPI_WORKTREE_"]
}
