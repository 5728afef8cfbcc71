import FoundationEssentials
import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct AgentDocumentTests {
    /// `docs/agents.md` and the table of agents say the same.
    @Test func theDocumentHasEveryAgentAsItIs() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = String(
            decoding: try Data(contentsOf: URL(filePath: "/\(root)/docs/agents.md")), as: UTF8.self)
        let shown = text.split(separator: "\n").filter { $0.hasPrefix("| ") && $0.contains(" | `") }
        #expect(shown.map(String.init) == AgentTable.rows.map(Self.line))
    }

    private static func line(_ row: AgentRow) -> String {
        let arguments = row.name == "claude" ? [] : row.arguments(AgentOpening(directory: "DIR"))
        let protocolName =
            switch row.name {
            case "claude": "stream-json"
            case "codex": "Codex app-server"
            default: "ACP"
            }
        let cells = [
            row.name, "`\(([row.program] + arguments).joined(separator: " "))`", protocolName,
            row.modes.isEmpty ? "its own" : row.modes.joined(separator: ", "), row.steers ? "yes" : "no",
        ]
        return "| \(cells.joined(separator: " | ")) |"
    }
}
