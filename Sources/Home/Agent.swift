import HubClient
import Processes
import RunnerStore

/// The agents HAPI knows.
package enum Agent: String, CaseIterable, Sendable {
    case agy, claude, codex, copilot, cursor, dsh, grok, kimi, opencode, pi

    package static let geminiRefusal =
        "gemini is no longer supported; choose one of: "
        + allCases.map(\.rawValue).joined(separator: ", ")
}
