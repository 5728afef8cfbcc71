import Home
import HubProtocol
import Processes
import RunnerStore

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
        kept.memory = parameters.memory
        kept.cpus = parameters.cpus
        kept.timeout = parameters.timeout
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

extension SpawnParameters {
    /// Adopts the limits of another request, except for those that this one sets itself.
    package mutating func takeLimits(of other: SpawnParameters) {
        memory = memory ?? other.memory
        cpus = cpus ?? other.cpus
        timeout = timeout ?? other.timeout
    }
}

extension Reading {
    /// The stored options of a session.
    package func options(of session: SessionRecord) throws(StoreError) -> SpawnParameters {
        let kept = try events(of: session.id).last { $0.kind == SpawnOptions.event }?.detail
        return SpawnOptions.parameters(kept, directory: session.directory)
    }
}
