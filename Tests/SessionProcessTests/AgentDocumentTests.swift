import FoundationEssentials
import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct AgentDocumentTests {
    /// `docs/agents.md` and the table of agents say the same.
    @Test func theDocumentHasEveryAgentAsItIs() throws {
        let shown = try Self.text("docs/agents.md").split(separator: "\n").filter {
            $0.hasPrefix("| ") && $0.contains(" | `")
        }
        #expect(shown.map(String.init) == AgentTable.rows.map(Self.line))
    }

    private static func text(_ path: String) throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return String(decoding: try Data(contentsOf: URL(filePath: "/\(root)/\(path)")), as: UTF8.self)
    }

    /// What the tests with a real agent hold where the document says that it was tried.
    static let tried: [(String, [String])] = [
        ("a tool allowed and denied", [#""approved": true"#, #""approved": false"#]),
        ("allowed for the session", ["itIsAllowedForTheSession"]),
        ("a question answered", ["answers"]),
        ("a plan shown", ["plan"]),
        ("a message joins the turn", ["say steered"]),
        ("model and effort changed while it runs", [#""model": "#, "ffort\": "]),
        ("permission mode changed while it runs", [#""permissionMode": "#, "set-session-config"]),
        ("abort", [#"call("abort""#]),
        ("`/compact` and `/clear`", ["/compact", "/clear"]),
        ("the agent killed and resumed", ["RealAgents.killAgent"]),
        ("the session killed with an open request, and resumed", ["RealAgents.killSession"]),
        ("the hub away during a turn", ["RealAgents.loseHub"]),
    ]

    @Test(arguments: tried) func whatIsSaidToBeTriedIs(what: String, signs: [String]) throws {
        let line = try Self.text("docs/agents.md").split(separator: "\n").first {
            $0.hasPrefix("| \(what) |")
        }
        let cells = try #require(line, "no row \(what)").split(separator: "|").dropFirst()
            .map { $0.trimmingPrefix(" ").prefix { $0 != " " } }
        for (agent, cell) in zip(["Claude", "Codex", "Vibe"], cells) {
            let test = try Self.text("Tests/IntegrationTests/Real\(agent)Tests.swift")
            let isThere = signs.allSatisfy { test.contains($0) }
            #expect(isThere == (cell == "yes"), "\(what), \(agent)")
        }
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
