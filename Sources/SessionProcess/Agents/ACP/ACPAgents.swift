/// The agents that speak ACP, one row each. The settings can add an agent or change its command line
/// (`acpAgents`).
extension AgentTable {
    static let acp: [AgentRow] = [
        acp("opencode", modes: ["default", "plan", "yolo"]) { ["acp", "--cwd", $0.directory] },
        acp("kimi", modes: codexModes) { _ in ["acp"] },
        acp("copilot", modes: codexModes) { _ in ["--acp", "--stdio"] },
        acp("cursor", program: "agent", modes: ["default", "plan", "ask", "debug", "autoReview", "yolo"]) {
            _ in
            ["acp"]
        },
        acp("grok", modes: ["default", "auto", "plan", "bypassPermissions"]) {
            ["--cwd", $0.directory, "agent", "stdio"]
        },
        acp("dsh", program: "dsh-acp-demo", modes: []) { _ in [] },
        acp("vibe", program: "vibe-acp", modes: anyModes) { _ in [] },
        acp("goose", modes: anyModes) { _ in ["acp"] },
        acp("qwen", modes: anyModes) { _ in ["--acp"] },
        acp("auggie", modes: anyModes) { _ in ["--acp"] },
        acp("fast-agent", modes: anyModes) { ["acp"] + ($0.model.map { ["--model", $0] } ?? []) },
    ]

    static let codexModes = ["default", "read-only", "safe-yolo", "yolo"]

    /// For an agent that it does not know, the hub offers Claude's modes.
    private static let anyModes = codexModes + ["acceptEdits", "plan", "bypassPermissions"]

    /// An agent from the settings.
    ///
    /// - Parameter command: its command line, the program first.
    static func acp(_ name: String, command: [String]) -> AgentRow? {
        guard let program = command.first, !program.isEmpty else { return nil }
        return acp(name, program: program, modes: anyModes) { _ in Array(command.dropFirst()) }
    }

    private static func acp(
        _ name: String, program: String? = nil, modes: [String],
        arguments: @escaping @Sendable (AgentOpening) -> [String]
    ) -> AgentRow {
        AgentRow(
            name: name, program: program ?? name,
            // The user's arguments for the program come before ours.
            arguments: { opening in opening.arguments + arguments(opening) },
            dialect: { ACPDialect($0, agent: name, hubModes: modes) },
            family: .codex, nativeIDKey: "\(name)SessionId", modes: modes)
    }
}
