import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import RunnerStore

/// The arguments of a session process (hub contract §6.2). Their order is part of the contract.
enum AgentCommand {
    /// - Parameter cursorWorktree: whether Cursor is to create its own worktree.
    static func arguments(
        _ agent: Agent, _ parameters: SpawnParameters, cursorWorktree: Bool = false
    ) -> [String] {
        [agent.rawValue]
            + resume(agent, parameters)
            + ["--hapi-starting-mode", parameters.startingMode ?? "remote", "--started-by", "runner"]
            + existingSession(agent, parameters)
            + option("--model", parameters.model)
            + option("--effort", [.claude, .grok, .pi, .agy].contains(agent) ? parameters.effort : nil)
            + option(
                "--model-reasoning-effort",
                [.codex, .opencode].contains(agent) ? parameters.modelReasoningEffort : nil)
            + option("--service-tier", agent == .codex ? parameters.serviceTier : nil)
            + option(
                "--collaboration-mode",
                agent == .codex ? other(parameters.collaborationMode, than: "default") : nil)
            + option(
                "--copilot-agent-mode",
                agent == .copilot ? other(parameters.copilotAgentMode, than: "interactive") : nil)
            + permissions(agent, parameters)
            + (cursorWorktree ? ["--cursor-worktree"] + [parameters.worktreeName].compactMap { $0 } : [])
    }

    private static func resume(_ agent: Agent, _ parameters: SpawnParameters) -> [String] {
        guard let id = parameters.resumeSessionId, !id.isEmpty else { return fork(agent, parameters) }
        switch agent {
        case .codex: return ["resume", id]
        case .pi: return ["--session-id", id]
        default: return ["--resume", id] + fork(agent, parameters)
        }
    }

    private static func fork(_ agent: Agent, _ parameters: SpawnParameters) -> [String] {
        agent == .claude && parameters.forkSession == true ? ["--fork-session"] : []
    }

    private static func existingSession(_ agent: Agent, _ parameters: SpawnParameters) -> [String] {
        let takesIt =
            switch agent {
            case .codex, .cursor, .pi, .opencode, .agy, .dsh, .grok: true
            // Agents that HAPI does not have; only this program runs them.
            case .auggie, .fastAgent, .goose, .qwen, .vibe: true
            case .claude: parameters.forkSession == true
            case .kimi, .copilot: false
            }
        return option(
            "--existing-session-id", takesIt ? parameters.existingSessionId ?? parameters.sessionId : nil)
    }

    private static func permissions(_ agent: Agent, _ parameters: SpawnParameters) -> [String] {
        guard agent != .pi && agent != .dsh else { return [] }
        if let mode = parameters.permissionMode, permissionModes.contains(mode) {
            return ["--permission-mode", mode]
        }
        return parameters.yolo == true ? ["--yolo"] : []
    }

    private static func option(_ name: String, _ value: String?) -> [String] {
        value.flatMap { $0.isEmpty ? nil : [name, $0] } ?? []
    }

    private static func other(_ value: String?, than standard: String) -> String? {
        value == standard ? nil : value
    }

    /// The modes of all agents. A mode that is not listed falls back to `yolo`.
    private static let permissionModes: Set<String> = [
        "default", "acceptEdits", "auto", "bypassPermissions", "plan", "read-only", "safe-yolo", "yolo",
        "ask",
        "debug", "autoReview", "request-review", "always-proceed",
    ]
}

/// The environment of a session process: the runner's, without the variables of the session that the runner
/// itself may have been started from, and with this session's.
enum SessionEnvironment {
    /// - Parameter own: variables of this session only: its worktree, its agent's token.
    static func variables(
        inherited: [String: String], home: String, launchID: String, directory: String, own: [String: String]
    ) -> [String] {
        var variables = InheritedVariables.passed(on: inherited)
        variables[.hapiHome] = home
        variables[.launchID] = launchID
        variables[.workingDirectory] = directory
        variables.merge(own) { _, new in new }
        return variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
