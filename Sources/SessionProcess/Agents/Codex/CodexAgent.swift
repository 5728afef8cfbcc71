extension AgentTable {
    static let codex = AgentRow(
        name: "codex", program: "codex", arguments: { $0.arguments + ["app-server"] },
        dialect: { CodexDialect($0) }, family: .codex, nativeIDKey: "codexSessionId", modes: codexModes,
        steers: true)
}
