import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct AgentTableTests {
    static let commands: [(String, [String])] = [
        ("opencode", ["opencode", "-v", "acp", "--cwd", "/w"]), ("kimi", ["kimi", "-v", "acp"]),
        ("copilot", ["copilot", "-v", "--acp", "--stdio"]), ("cursor", ["agent", "-v", "acp"]),
        ("grok", ["grok", "-v", "--cwd", "/w", "agent", "stdio"]), ("codex", ["codex", "-v", "app-server"]),
        ("vibe", ["vibe-acp", "-v"]), ("dsh", ["dsh-acp-demo", "-v"]),
    ]

    @Test(arguments: commands) func anAgentIsStartedInTheWayItConverses(name: String, command: [String])
        throws
    {
        let row = try #require(AgentTable.row(name))
        var opening = AgentOpening(directory: "/w")
        opening.arguments = ["-v"]
        #expect([row.program] + row.arguments(opening) == command)
    }

    @Test func anAgentHasOneRow() {
        #expect(Set(AgentTable.rows.map(\.name)).count == AgentTable.rows.count)
    }

    @Test func theSettingsAddAgentsAndReplaceThem() throws {
        let others = ["mine": ["my-agent", "--acp"], "kimi": ["/opt/kimi"], "none": []]
        #expect(AgentTable.row("mine", others: others)?.program == "my-agent")
        #expect(AgentTable.row("mine", others: others)?.arguments(AgentOpening(directory: "/")) == ["--acp"])
        #expect(AgentTable.row("mine", others: others)?.nativeIDKey == "mineSessionId")
        #expect(AgentTable.row("kimi", others: others)?.program == "/opt/kimi")
        #expect(AgentTable.row("none", others: others) == nil)
        #expect(AgentTable.row("mine") == nil)
    }
}
