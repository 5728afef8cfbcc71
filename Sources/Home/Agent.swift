import HubClient
import Processes
import RunnerStore

/// The agents that HAPI knows, and further ones that speak the Agent Client Protocol.
package enum Agent: String, CaseIterable, Sendable {
    case agy, claude, codex, copilot, cursor, dsh, grok, kimi, opencode, pi
    case auggie, goose, qwen, vibe
    case fastAgent = "fast-agent"

    package static let geminiRefusal =
        "gemini is no longer supported; choose one of: "
        + allCases.map(\.rawValue).joined(separator: ", ")
}
