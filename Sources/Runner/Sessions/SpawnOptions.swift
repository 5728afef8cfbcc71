import Home
import HubProtocol
import Processes

/// The options of a session's request, stored so that the session can be restarted with them.
package enum SpawnOptions {
    /// The kind of event that stores them.
    package static let event = "options"

    /// The options as JSON; nil if there are none. Without tokens, ids and what applies to a single request.
    static func text(_ parameters: SpawnParameters) -> String? {
        var kept = SpawnParameters(directory: "")
        kept.model = parameters.model
        kept.effort = parameters.effort
        kept.modelReasoningEffort = parameters.modelReasoningEffort
        kept.serviceTier = parameters.serviceTier
        kept.collaborationMode = parameters.collaborationMode
        kept.copilotAgentMode = parameters.copilotAgentMode
        kept.permissionMode = parameters.permissionMode
        kept.yolo = parameters.yolo
        kept.resumeSessionId = parameters.resumeSessionId
        guard kept != SpawnParameters(directory: "") else { return nil }
        // Cannot fail: strings and booleans are always encodable.
        return try? JSON.text(kept)
    }

    /// The stored options for a session in `directory`. Unreadable options count as none.
    package static func parameters(_ text: String?, directory: String) -> SpawnParameters {
        let kept = text.flatMap { try? JSON.decode(SpawnParameters.self, from: $0.utf8) }
        var parameters = kept ?? SpawnParameters(directory: directory)
        parameters.directory = directory
        return parameters
    }
}
