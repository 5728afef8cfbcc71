import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// The token of a session's agent, passed in the session's environment or in a private folder, never in the
/// store, a log or an argument.
struct AgentSecrets: Sendable {
    let home: RunnerHome

    private var folder: String { "\(home.path)/codex" }

    /// Puts the token where the agent looks for it. Returns the variables to set.
    func place(_ token: String?, for agent: Agent, session: String) throws -> [String: String] {
        guard let token else { return [:] }
        switch agent {
        case .claude: return [Variable.claudeToken.rawValue: token]
        case .codex:
            let path = "\(folder)/\(session)"
            try createDirectory(folder, mode: 0o700)
            try createDirectory(path, mode: 0o700)
            try replaceFile("\(path)/auth.json", with: Array(token.utf8))
            return [Variable.codexHome.rawValue: path]
        default: return [:]
        }
    }

    /// Removes the files of a session, including the state that Codex keeps there.
    func remove(session: String) { removeTree("\(folder)/\(session)") }

    /// The sessions that still have files.
    func sessions() -> [String] { entries(of: folder) }
}

/// Removes a folder recursively. Symbolic links are removed, not followed.
func removeTree(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        unlink(path)
        return
    }
    for name in entries(of: path) { removeTree("\(path)/\(name)") }
    rmdir(path)
}
