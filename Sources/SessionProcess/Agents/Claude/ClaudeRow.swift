extension AgentTable {
    static let claude = AgentRow(
        name: "claude", program: "claude", arguments: claudeArguments, dialect: { ClaudeDialect($0) },
        family: .output, nativeIDKey: "claudeSessionId",
        modes: ["default", "acceptEdits", "auto", "bypassPermissions", "plan"], steers: true,
        environment: [
            "CLAUDE_CODE_ENTRYPOINT": "sdk-ts", "DISABLE_AUTOUPDATER": "1",
            // Some versions refuse to start inside another Claude Code.
            "CLAUDECODE": "",
        ], terminal: claudeTerminal)

    @Sendable private static func claudeArguments(_ opening: AgentOpening) -> [String] {
        var words = [
            "--output-format", "stream-json", "--input-format", "stream-json", "--verbose",
            "--permission-prompt-tool", "stdio",
            "--permission-mode", ClaudeDialect.modeForAgent(opening.mode ?? "default"),
        ]
        if let model = opening.model { words += ["--model", model] }
        if let effort = opening.effort { words += ["--effort", effort] }
        if let id = opening.nativeID {
            words += ["--resume", id] + (opening.forks ? ["--fork-session"] : [])
        }
        return words + opening.arguments
    }
}
