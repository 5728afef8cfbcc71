import Home
import HubProtocol
import Processes

/// What a session was asked to be like, as it is kept: so that it can be started again the same way.
package enum SpawnOptions {
    /// The kind of event that holds them.
    package static let event = "options"

    /// As JSON; nil where nothing was asked for. No token, no id, nothing that holds for one request alone.
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
        // Plain texts and flags can always be encoded.
        return try? JSON.text(kept)
    }

    /// What was kept, for a session in `directory`. What cannot be read is as if nothing had been asked for.
    package static func parameters(_ text: String?, directory: String) -> SpawnParameters {
        let kept = text.flatMap { try? JSON.decode(SpawnParameters.self, from: $0.utf8) }
        var parameters = kept ?? SpawnParameters(directory: directory)
        parameters.directory = directory
        return parameters
    }
}
